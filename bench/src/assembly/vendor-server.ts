import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SCRIPTS = join(import.meta.dirname, '../../../tools/servers')
/** Where `tools/servers/NAME.sh install` puts programs unless it is told otherwise. */
export const INSTALLED: string = join(SCRIPTS, '.installed')

/** A server of others that runs. */
export interface VendorServer {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly version: string
  stop(): Promise<void>
}

/** Why this server cannot be started, or null where it can. */
export function whyAbsent(name: string, programs: string): string | null {
  if (!existsSync(join(SCRIPTS, `${name}.sh`))) return `there is no tools/servers/${name}.sh`
  return existsSync(join(programs, name)) ? null : `not installed: tools/servers/${name}.sh install tools/servers/.installed gets it`
}

/** Starts a server of `tools/servers` on 127.0.0.1, with everything that it writes in `state`. */
export async function startVendorServer(
  name: string,
  { programs, state }: { readonly programs: string; readonly state: string },
): Promise<VendorServer> {
  const run = (...args: readonly string[]) => promisify(execFile)('bash', [join(SCRIPTS, `${name}.sh`), ...args])
  const stop = async (): Promise<void> => void (await run('stop', state))
  try {
    const { stdout } = await run('start', programs, state)
    return { ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Omit<VendorServer, 'stop'>), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
