import { parseArgs } from 'node:util'
import { TRANSPORTS } from './check-names.ts'
import type { Transport } from './check-names.ts'

/** What was asked for on the command line. */
export interface ClientsOptions {
  readonly help: boolean
  /** Names of clients; every one where it is empty. */
  readonly only: readonly string[]
  readonly transports: readonly Transport[]
  readonly allowMissing: boolean
  readonly write: boolean
  readonly sample: boolean
  readonly seed: number
  /** Where `install.sh` has put the clients. */
  readonly directory: string
}

/** Reads the command line. Throws with a sentence about what it does not know, or what does not go together. */
export function parseOptions(
  args: readonly string[],
  defaults: { readonly names: readonly string[]; readonly directory: string },
): ClientsOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      http: { type: 'boolean', default: false },
      https: { type: 'boolean', default: false },
      'allow-missing': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      sample: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
      clients: { type: 'string', default: defaults.directory },
    },
  })
  const unknown = values.only.find((name) => !defaults.names.includes(name))
  if (unknown !== undefined) throw new Error(`There is no client ${unknown}: there are ${defaults.names.join(', ')}.`)
  if (!/^\d+$/.test(values.seed)) throw new Error(`--seed takes a whole number, not ${values.seed}.`)
  const chosen = TRANSPORTS.filter((transport) => values[transport])
  const partial = [values.only.length > 0 && '--only', chosen.length > 0 && `--${chosen[0]}`, values.sample && '--sample'].find(Boolean)
  if (values.write && partial) throw new Error(`--write writes the whole table: not together with ${partial}.`)
  return {
    help: values.help,
    only: values.only,
    transports: chosen.length > 0 ? chosen : TRANSPORTS,
    allowMissing: values['allow-missing'],
    write: values.write,
    sample: values.sample,
    seed: Number(values.seed),
    directory: values.clients,
  }
}
