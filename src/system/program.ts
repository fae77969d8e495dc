/**
 * How the program was started, so that a hint can be pasted: `npx keywright` when `npx` or `npm exec` started it
 * (npm says so in `npm_command`) or when it was found in a project's `node_modules/.bin`, which is on nobody's
 * path; else `keywright`. `script` is argv[1].
 */
export function programName(env: (name: string) => string | undefined, script: string | undefined): string {
  const byNpx = env('npm_command') === 'exec';
  const inProject = script !== undefined && /[\\/]node_modules[\\/]\.bin[\\/][^\\/]+$/.test(script);
  return byNpx || inProject ? 'npx keywright' : 'keywright';
}
