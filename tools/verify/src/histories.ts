import { setTimeout as sleep } from 'node:timers/promises'
import { accountCaller, fsck, openEngine, ownersOnly } from '@stowage/core'
import type { Backend, Engine, FsckReport, MetadataStore } from '@stowage/core'
import { fsBackend } from '@stowage/backend-fs'
import { postgresMetadata } from '@stowage/core/postgres'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { checkHistory } from './histories/check-history.ts'
import { BUCKET, fsckOf, untilCalm, withCluster } from './histories/cluster.ts'
import type { Cluster } from './histories/cluster.ts'
import { FAULTS, SLOW_FAULTS } from './histories/faults.ts'
import type { Fault } from './histories/faults.ts'
import { readAll, runClient } from './histories/load.ts'
import { Recorder } from './histories/recorder.ts'
import { takeOverFromDead } from './histories/take-over.ts'
import { randomFrom } from './step.ts'
import type { StepContext, StepResult, VerifyStep } from './step.ts'

const ROUNDS = 60
const ROUNDS_SAMPLED = 3
const CLIENTS = 16
const KEYS = 6
/** Fewer would be no load. */
const ANSWERED_MIN = 150
const LOADED_WITHIN_MS = 20_000
const ANSWERED_WITHIN_MS = 30_000
/** After a fault is over, connections that it broke may still be found broken. */
const AFTERMATH_MS = 15_000
const MONTH_MS = 30 * 86_400_000

/** Three servers, 16 clients, one fault after the other, and whether what was answered can have been. */
export const histories: VerifyStep = {
  name: 'histories',
  claim:
    'Three servers on one Postgres, while it crashes, loses connections or has none left, and while they are killed: to 16 clients they are one store that does one thing after the other. No 500, and nothing is left behind, though a collector is killed, too.',
  needs: [],
  run: (context) => withTemporaryDirectory((directory) => withCluster(directory, (cluster) => run(cluster, context))),
}

async function run(cluster: Cluster, context: StepContext): Promise<StepResult> {
  const random = randomFrom(context.seed)
  const first = Math.floor(random() * FAULTS.length)
  // One after the other from a random one on: a sample has three of them.
  const faults = Array.from({ length: context.sample ? ROUNDS_SAMPLED : ROUNDS }, (_, round) => FAULTS[(first + round) % FAULTS.length])
  const all = [...faults, ...(context.sample ? [] : SLOW_FAULTS)]
  const failures: string[] = []
  const sum = { answered: 0, unanswered: 0, refused: 0 }
  for (const [round, fault] of all.entries()) {
    if (fault === undefined) continue
    const prefix = `round-${round}/`
    const keys = Array.from({ length: KEYS }, (_, at) => `${prefix}key-${at}`)
    const recorder = new Recorder({ prefix, keys, answeredWithinMs: fault.answeredWithinMs ?? ANSWERED_WITHIN_MS })
    const found = await playRound(cluster, { recorder, fault, random })
    failures.push(...found.map((failure) => `round ${round}, ${fault.name}: ${failure}`))
    sum.answered += recorder.answered
    sum.unanswered += recorder.unanswered
    sum.refused += recorder.refusals.length
    if ((round + 1) % 10 === 0) context.log(`${round + 1} of ${all.length} rounds`)
  }
  failures.push(...(await settle(cluster)))
  const notes = [`${sum.answered} requests answered, ${sum.refused} answered 503, ${sum.unanswered} writes of which nobody knows`]
  return { cases: all.length, failures, notes }
}

interface Round {
  readonly recorder: Recorder
  readonly fault: Fault
  readonly random: () => number
}

async function playRound(cluster: Cluster, { recorder, fault, random }: Round): Promise<readonly string[]> {
  const { gateways } = cluster
  const stop = new AbortController()
  const clients = Array.from({ length: CLIENTS }, (_, at) => {
    const own = randomFrom(Math.floor(random() * 2 ** 32))
    return runClient({ name: `client ${at}`, gateways, recorder, random: own }, stop.signal)
  })
  let begin = Infinity
  try {
    await sleep(400 + random() * 400)
    begin = performance.now()
    await fault.strike(cluster, random)
    await sleep(600)
    // A machine that has much else to do takes longer.
    const until = performance.now() + LOADED_WITHIN_MS
    while (recorder.answered < ANSWERED_MIN && performance.now() < until) await sleep(50)
  } finally {
    stop.abort()
    await Promise.all(clients)
  }
  const end = performance.now() + AFTERMATH_MS
  await untilCalm(cluster)
  await readAll(recorder, gateways)
  const failures = [...recorder.problems, ...checkHistory(recorder.history), ...gateways.flatMap((gateway) => gateway.complaints())]
  const early = recorder.refusals.filter((at) => fault === FAULTS[0] || at < begin || at > end)
  if (early.length > 0) failures.push(`${early.length} answers were 503 without a reason`)
  if (recorder.answered < ANSWERED_MIN) failures.push(`only ${recorder.answered} requests were answered: there was no load`)
  return failures
}

/** Everything is over: metadata and bytes agree, and once all is deleted and grace is over, nothing is left. */
async function settle(cluster: Cluster): Promise<readonly string[]> {
  const failures: string[] = []
  const [gateway] = cluster.gateways
  if (gateway !== undefined) failures.push(...(await fsckOf(gateway)))
  await Promise.all(cluster.gateways.map((gateway) => gateway.stop()))
  failures.push(...cluster.gateways.flatMap((gateway) => gateway.complaints()))
  // A month later grace is over.
  const { postgres, shared } = cluster
  const places = { url: postgres.url, directory: shared, aheadMs: MONTH_MS, stores: storesOf(cluster, 1) }
  failures.push(...(await takeOverFromDead(places)))
  const kept = await look(cluster)
  failures.push(...kept.findings.map((finding) => `at the end: ${JSON.stringify(finding)}`))
  if (kept.checked.blobs === 0) failures.push('at the end no object had a blob: there was nothing to look at')
  await withEngine(cluster, 1, deleteAll)
  await withEngine(cluster, 2, collectAll)
  const left = await look(cluster)
  failures.push(...left.findings.map((finding) => `when all was deleted: ${JSON.stringify(finding)}`))
  if (left.checked.blobs > 0) failures.push(`when all was deleted, ${left.checked.blobs} blobs were left`)
  return failures
}

function storesOf(cluster: Cluster, monthsLater: number): { readonly metadata: MetadataStore; readonly backend: Backend } {
  const clock = (): Date => new Date(Date.now() + monthsLater * MONTH_MS)
  return { metadata: postgresMetadata({ pool: cluster.postgres.pool(), clock }), backend: fsBackend({ directory: cluster.shared }) }
}

function look(cluster: Cluster): Promise<FsckReport> {
  const { metadata, backend } = storesOf(cluster, 0)
  return fsck({ metadata, backends: { main: backend }, deep: true })
}

async function withEngine(cluster: Cluster, monthsLater: number, use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await openEngine({ ...storesOf(cluster, monthsLater), policy: ownersOnly() })
  try {
    await use(engine)
  } finally {
    await engine.close()
  }
}

async function collectAll(engine: Engine): Promise<void> {
  let rest = 1
  while (rest > 0) rest = (await engine.collectGarbage({ limit: 1000 })).blobs
}

async function deleteAll(engine: Engine): Promise<void> {
  const session = engine.as(accountCaller('root'))
  const bucket = { name: BUCKET }
  const { objects } = await session.listObjects({ bucket })
  await session.deleteObjects({ bucket, objects: objects.map(({ key }) => ({ key })) })
}
