import { secretServiceMissing, startSession } from '../test/support/secret-service/session.ts';

/** Runs `measure` with a real gnome-keyring on a session bus of its own; where there is none the line says why. */
export async function withKeyring(what, measure) {
  const reason = secretServiceMissing({});
  if (reason !== undefined) return [{ what, skipped: reason }];
  const session = await startSession();
  try {
    await session.startKeyring('bench');
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = session.env;
    return await measure({ DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR });
  } finally {
    await session.close();
  }
}
