import { createStore, openStore } from '../../../src/store/open.ts';
import { storeContract } from '../../contracts/store.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

storeContract('sqlite', async (seed) => {
  const { location, remove } = storeFolder();
  const deps = storeDeps();
  await createStore(location, deps, async () => seed);
  const store = await openStore(location, deps);
  return {
    store,
    end: async () => {
      await store.close();
      remove();
    },
  };
});
