import { TRANSPORTS } from './check-names.ts'
import type { CheckName, Transport } from './check-names.ts'
import type { Outcome } from './run-client.ts'

/** An outcome as it is written down: what a failing check complains of is in the log of its run. */
export type Verdict = 'passes' | 'fails' | `limit: ${string}`

/** What one client did. */
export interface ClientFindings {
  readonly name: string
  readonly title: string
  readonly version: string
  readonly setting: string | null
  /** Over the transports that were run. */
  readonly verdicts: Readonly<Partial<Record<Transport, Readonly<Partial<Record<CheckName, Verdict>>>>>>
}

export function verdictOf({ state, because }: Outcome): Verdict {
  return state === 'limit' ? `limit: ${because}` : state
}

/** Where what was found now differs from what was written down: a sentence each. What was not run is not spoken of. */
export function differences(written: readonly ClientFindings[], found: readonly ClientFindings[]): readonly string[] {
  return found.flatMap(({ name, title, verdicts }) => {
    const before = written.find((client) => client.name === name)
    if (before === undefined) return [`${title} is not in the table`]
    return TRANSPORTS.flatMap((transport) =>
      Object.entries(verdicts[transport] ?? {}).flatMap(([check, now]) => {
        const then = before.verdicts[transport]?.[check as CheckName] ?? 'nothing'
        return then === now ? [] : [`${title} over ${transport.toUpperCase()}, ${check}: the table says "${then}", found was "${now}"`]
      }),
    )
  })
}

/** How many checks were run and passed; a limit of a client is neither. */
export function countOf(found: readonly ClientFindings[]): { readonly passed: number; readonly run: number; readonly limits: number } {
  const verdicts = found.flatMap((client) => TRANSPORTS.flatMap((transport) => Object.values(client.verdicts[transport] ?? {})))
  const passed = verdicts.filter((verdict) => verdict === 'passes').length
  const limits = verdicts.length - passed - verdicts.filter((verdict) => verdict === 'fails').length
  return { passed, run: verdicts.length - limits, limits }
}
