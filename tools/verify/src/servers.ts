import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun, runCommand } from './run-command.ts'
import type { Need } from './step.ts'

const SCRIPTS = fileURLToPath(new URL('../../servers/', import.meta.url))
/** Where `tools/servers/NAME.sh install DIR` has put programs: DIR is this one where the environment names no other. */
const INSTALLED = process.env['STOWAGE_SERVERS'] ?? join(SCRIPTS, '.installed')

/** What a script of `tools/servers` says of the server that it has started. */
export interface ForeignServer {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly version: string
}

/** A program that `tools/servers/NAME.sh install` puts there. */
export function installedServer(name: string): Need {
  return {
    name: `${name} (tools/servers/${name}.sh install ${join('tools', 'servers', '.installed')})`,
    isMet: () =>
      access(join(INSTALLED, name)).then(
        () => true,
        () => false,
      ),
  }
}

/** Runs something while a server of `tools/servers` is up, with everything that it writes in a folder of its own. */
export async function withServer<T>(name: string, state: string, use: (server: ForeignServer) => Promise<T>): Promise<T> {
  const script = join(SCRIPTS, `${name}.sh`)
  try {
    const said = await mustRun('bash', [script, 'start', INSTALLED, state])
    return await use(JSON.parse(said.trim().split('\n').at(-1) ?? '') as ForeignServer)
  } finally {
    await runCommand('bash', [script, 'stop', state])
  }
}
