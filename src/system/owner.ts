import os from 'node:os';

type Env = (name: string) => string | undefined;

/** The home folder: `HOME`, else what the system's user table says. Git Bash on Windows sets HOME to a path that Windows doesn't know. */
export function homeFolder(env: Env, platform: string): string {
  return (platform === 'win32' ? undefined : env('HOME')) ?? os.userInfo().homedir;
}

/** The name of the OS user. A container may run as a user id that has none. */
export function osUser(env: Env): string {
  try {
    return os.userInfo().username;
  } catch {
    return env('USER') ?? 'unknown';
  }
}
