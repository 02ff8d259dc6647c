import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'
import { NotToBeHad } from './check.ts'
import { cleanEnvironment } from './clean-environment.ts'

/** What goes into a `package.json`. */
export interface Manifest {
  readonly name?: string
  readonly type?: 'module'
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

const INSTALL_MS = 240_000
/** npm's own minute and more is long where there is no network at all. */
const RETRIES = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
/** What npm says where the network, or what it reaches, lacks something. */
const OF_THE_NETWORK = /npm error code (?:E404|ETARGET|E403|E5\d\d|ENOTCACHED)/
/** And where there is no network. */
const NO_NETWORK = /npm error code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)/
const ASKS_FOR_OURS = /npm http fetch .*stowage/
const OUR_NAME_MISSING = /npm error (?:404|notarget).*stowage/

/** Asked once in vain, the network is not asked again: a machine without one would try for minutes, each time. */
let isOffline = false

/**
 * `npm install` in a folder of its own. Throws `NotToBeHad` where something of others is missing,
 * and an error where it is one of ours, or where npm asked the registry for one of ours: those come from the tarballs.
 */
export async function npmInstall(folder: string, manifest: Manifest, what: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ private: true, ...manifest }, null, 2)}\n`)
  const args = ['install', '--loglevel=http', '--no-fund', '--no-audit', isOffline ? '--offline' : '--prefer-offline', ...RETRIES]
  const { code, stdout, stderr } = await runCommand('npm', args, {
    cwd: folder,
    env: cleanEnvironment(process.execPath),
    timeoutMs: INSTALL_MS,
  })
  const asked = `${stdout}${stderr}`.split('\n').find((line) => ASKS_FOR_OURS.test(line))
  if (asked !== undefined) throw new Error(`npm looked one of our packages up, though all of them were given to it: ${asked}`)
  if (code === 0) return
  const said = stderr.split('\n').filter((line) => line.startsWith('npm error'))
  isOffline ||= NO_NETWORK.test(stderr)
  const missing = code === null || NO_NETWORK.test(stderr) || (OF_THE_NETWORK.test(stderr) && !OUR_NAME_MISSING.test(stderr))
  const reason = code === null ? `npm took more than ${INSTALL_MS / 1000} s` : said.slice(0, 3).join(' ').replaceAll('npm error ', '')
  throw missing ? new NotToBeHad(what, reason) : new Error(`npm install ended with ${code}: ${said.join('\n')}`)
}
