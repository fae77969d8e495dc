import { Failure } from './errors.ts';

/** The packages that hold machine code, and how each is recognised in an error's message. */
const NATIVE_MODULES = [
  { name: 'better-sqlite3', trace: /better[-_]sqlite3/ },
  { name: 'argon2', trace: /argon2/ },
  { name: '@napi-rs/keyring', trace: /@napi-rs[/\\]keyring|native binding/ },
] as const;

/** What Node and the packages' own loaders say when machine code is missing, damaged or of another ABI. */
const LOADING_CODES = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED']);
const LOADING_MESSAGES = /^No native build was found|native binding/i;

/**
 * A `native_module` failure when `error` is about a native package that can't be loaded, else undefined.
 * Their binaries come in their packages, so installing again is what mends them; `npm rebuild`
 * does nothing. `reinstall` is the command for that: `npm ci` in a clone.
 */
export function nativeModuleFailure(error: unknown, reinstall: string): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (!LOADING_CODES.has(code) && !LOADING_MESSAGES.test(error.message)) return undefined;
  const module = NATIVE_MODULES.find(({ trace }) => trace.test(error.message));
  if (module === undefined) return undefined;
  const how = /NODE_MODULE_VERSION/.test(error.message)
    ? 'was built for another Node.js than this one'
    : code === 'ERR_DLOPEN_FAILED'
      ? 'is damaged or does not fit this machine'
      : 'is missing or incomplete';
  return new Failure('native_module', `the native module ${module.name} ${how}`, {
    hint: reinstall,
    cause: error,
  });
}
