import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECK_NAMES } from './check-names.ts'
import type { CheckName, Transport } from './check-names.ts'
import { CHECKS } from './checks.ts'
import type { CheckContext } from './checks.ts'
import type { Client } from './client.ts'
import { startTestServer } from './test-server.ts'
import type { TestServer } from './test-server.ts'
import type { Toolbox } from './toolbox.ts'
import { Witness } from './witness.ts'

/** What became of a check. */
export interface Outcome {
  readonly state: 'passes' | 'fails' | 'limit'
  /** The complaint, or why the client cannot; empty where it passes. */
  readonly because: string
}

/** What is run: one client over one transport. */
export interface ClientRun {
  readonly client: Client
  readonly transport: Transport
  readonly tools: Toolbox
  /** Empty; the caller removes it. */
  readonly directory: string
  readonly largeBytes: number
  onOutcome(check: CheckName, outcome: Outcome, seconds: number): void
}

const BUCKET = 'matrix'

/** Runs every check of one client against a server of its own, and says what was wrong with the server besides: an error in its log, a bad end. */
export async function runClient(run: ClientRun): Promise<readonly string[]> {
  const server = await startTestServer(run.directory, run.transport)
  try {
    await runChecks(run, server)
  } catch (error) {
    return [`the run broke off: ${(error as Error).message}`, ...(await server.stop())]
  }
  return server.stop()
}

async function runChecks(run: ClientRun, server: TestServer): Promise<void> {
  const { client, tools, largeBytes } = run
  const witness = await Witness.open(server.target)
  const common = {
    client: await client.connect(tools, server.target),
    hasSync: client.hasSync,
    server,
    witness,
    bucket: BUCKET,
    largeBytes,
  }
  for (const [at, check] of CHECK_NAMES.entries()) {
    const began = performance.now()
    const directory = join(run.directory, `check-${at}`)
    await mkdir(directory)
    const outcome = await outcomeOf(client, check, { ...common, directory })
    run.onOutcome(check, outcome, (performance.now() - began) / 1000)
    await rm(directory, { recursive: true })
    // The other checks have something to say all the same.
    if (check === 'make bucket' && !(await witness.hasBucket(BUCKET))) await witness.makeBucket(BUCKET)
  }
  witness.close()
}

async function outcomeOf(client: Client, check: CheckName, context: CheckContext): Promise<Outcome> {
  const limit = client.limits[check]
  try {
    await CHECKS[check](context)
  } catch (error) {
    const complaint = (error as Error).message
    if (limit !== undefined && limit.says.test(complaint)) return { state: 'limit', because: limit.reason }
    return { state: 'fails', because: complaint }
  }
  if (limit === undefined) return { state: 'passes', because: '' }
  return { state: 'fails', because: `it works, but is named a limit in tools/clients/src/clients: ${limit.reason}` }
}
