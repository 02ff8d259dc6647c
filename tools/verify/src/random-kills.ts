import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { fsck } from '@stowage/core'
import { openEngineIn, openStores } from './crash/stores.ts'
import { clientOf } from './client.ts'
import { contentOf } from './crash/content.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { startStowage } from './server.ts'
import type { RunningStowage } from './server.ts'
import { randomFrom } from './step.ts'
import type { StepContext, StepResult, VerifyStep } from './step.ts'

const KILLS = 100
const KILLS_SAMPLED = 3
const WRITERS = 8
const KEYS = 40

/** Kills a loaded server at random, starts it again, and looks for what it had acknowledged. */
export const randomKills: VerifyStep = {
  name: 'random-kills',
  claim: 'Killed at random under load, a server loses nothing acknowledged; after each restart fsck is clean once grace has passed.',
  needs: [],
  run: (context) => withTemporaryDirectory((directory) => run(join(directory, 'data'), context)),
}

/** What each key may hold: what was acknowledged last, and what was sent since. */
type Ledger = Map<string, Set<string | null>>

async function run(data: string, context: StepContext): Promise<StepResult> {
  const random = randomFrom(context.seed)
  const failures: string[] = []
  const ledger: Ledger = new Map(Array.from({ length: KEYS }, (_, index) => [`key-${index}`, new Set([null])]))
  const kills = context.sample ? KILLS_SAMPLED : KILLS
  let acknowledged = 0
  for (let round = 0; round < kills; round++) {
    const server = await startStowage([data])
    const client = clientOf(server.ready)
    if (round === 0) await client.send(new CreateBucketCommand({ Bucket: 'kills' }))
    else failures.push(...(await compare(client, ledger)).map((failure) => `after kill ${round}: ${failure}`))
    acknowledged += await loadUntilKilled({ server, client, ledger, random })
    client.destroy()
    failures.push(...(await agreement(data)).map((failure) => `after kill ${round + 1}: ${failure}`))
    if ((round + 1) % 20 === 0) context.log(`${round + 1} of ${kills} kills`)
  }
  if (acknowledged < kills * 10) failures.push(`only ${acknowledged} writes were acknowledged in ${kills} rounds: there was no load`)
  return { cases: kills, failures, notes: [`${acknowledged} acknowledged writes`] }
}

interface Load {
  readonly server: RunningStowage
  readonly client: S3Client
  readonly ledger: Ledger
  readonly random: () => number
}

async function loadUntilKilled({ server, client, ledger, random }: Load): Promise<number> {
  const stop = new AbortController()
  let acknowledged = 0
  const keys = [...ledger.keys()]
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; !stop.signal.aborted; number++) {
      // Each writer has keys of its own, so that the ledger knows the order.
      const key = keys[(writer + WRITERS * Math.floor((random() * keys.length) / WRITERS)) % keys.length] ?? ''
      const label =
        random() < 0.2 ? null : `${Math.floor(random() < 0.5 ? random() * 8000 : random() * 400_000)}:${writer}-${number}-${random()}`
      ledger.get(key)?.add(label)
      try {
        if (label === null) await client.send(new DeleteObjectCommand({ Bucket: 'kills', Key: key }))
        else await client.send(new PutObjectCommand({ Bucket: 'kills', Key: key, Body: contentOf(label) }))
      } catch {
        return
      }
      ledger.set(key, new Set([label]))
      acknowledged += 1
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
  await sleep(200 + random() * 800)
  server.process.kill('SIGKILL')
  stop.abort()
  await Promise.all(writers)
  await server.ended
  return acknowledged
}

async function compare(client: S3Client, ledger: Ledger): Promise<readonly string[]> {
  const failures: string[] = []
  for (const [key, labels] of ledger) {
    const found = await read(client, key)
    const label = [...labels].find((one) => (one === null ? found === null : found !== null && Buffer.from(found).equals(contentOf(one))))
    if (label === undefined)
      failures.push(`${key} holds ${found === null ? 'nothing' : `${found.length} bytes`} that nobody may have put there`)
    else ledger.set(key, new Set([label]))
  }
  return failures
}

async function read(client: S3Client, key: string): Promise<Uint8Array | null> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'kills', Key: key }))
    return (await Body?.transformToByteArray()) ?? null
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return null
    throw error
  }
}

/** Collects with the clock a month ahead, then looks deep. */
async function agreement(data: string): Promise<readonly string[]> {
  const engine = await openEngineIn(data, { daysLater: 30 })
  try {
    let rest = 1
    while (rest > 0) rest = (await engine.collectGarbage({ limit: 1000 })).blobs
  } finally {
    await engine.close()
  }
  const { metadata, backend } = openStores(data)
  const report = await fsck({ metadata, backends: { main: backend }, deep: true })
  return report.findings.map((finding) => `fsck: ${JSON.stringify(finding)}`)
}
