import { parseName } from '../names.ts';
import { quote } from '../shell.ts';
import type { App, Grant } from './app.ts';

/** What an app is called in a command to paste whose words are quoted: its name, unless that looks like a flag. */
export function typedApp({ id, name }: Pick<App, 'id' | 'name'>): string {
  return name.startsWith('-') ? id : name;
}

/** What is said to `--account` there: the account, unless it looks like a flag or can't be typed as a name; else the grant's id. */
export function typedAccount({ id, account }: Pick<Grant, 'id' | 'account'>): string {
  const parsed = parseName(account);
  return 'name' in parsed && parsed.name === account && !account.startsWith('-') ? account : id;
}

/** `typedApp` as it stands in a command line, quoted. */
export function plainApp(app: Pick<App, 'id' | 'name'>): string {
  return quote(typedApp(app));
}

/** `typedAccount` as it stands in a command line, quoted. */
export function plainAccount(grant: Pick<Grant, 'id' | 'account'>): string {
  return quote(typedAccount(grant));
}
