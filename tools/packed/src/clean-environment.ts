import { delimiter, dirname } from 'node:path'

/**
 * The environment of a program that runs on that Node, as if a user had typed its name: `npm run` puts the repository's own
 * `node_modules/.bin` on the path, in front of whatever Node one asks for, and variables that are about this package.
 */
export function cleanEnvironment(node: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OF_NPM_RUN.test(name) && !OURS.has(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !/[\\/]node_modules[\\/]|node-gyp-bin/.test(folder))
  return { ...Object.fromEntries(kept), PATH: [dirname(node), ...path].join(delimiter), NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1' }
}

/** What the machine says of npm (`npm_config_cache` and the like) stays. */
const OF_NPM_RUN = /^npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_local_prefix$)/
const OURS: ReadonlySet<string> = new Set(['NODE', 'NODE_ENV', 'NODE_OPTIONS', 'INIT_CWD', 'FORCE_COLOR', 'PATH'])
