import { word } from '../access/refusal.ts';
import { parseName } from '../names.ts';
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

/** As `typedApp`, for a command whose words are not quoted. */
export function plainApp({ id, name }: Pick<App, 'id' | 'name'>): string {
  return word(name) === name ? name : id;
}

/** As `typedAccount`, for a command whose words are not quoted. */
export function plainAccount({ id, account }: Pick<Grant, 'id' | 'account'>): string {
  return word(account) === account ? account : id;
}
