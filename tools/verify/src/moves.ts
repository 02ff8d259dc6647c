import { spawn } from 'node:child_process'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fsck } from '@stowage/core'
import type { Engine, ObjectInfo } from '@stowage/core'
import { startPostgres } from '../../../packages/core/test/postgres-server.ts'
import { contentOf } from './crash/content.ts'
import { openEngineIn, openStores, OWNER } from './crash/stores.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { stowageCommand } from './server.ts'
import { randomFrom } from './step.ts'
import type { StepContext, StepResult, VerifyStep } from './step.ts'

const ROUNDS = 40
const ROUNDS_SAMPLED = 1
const OBJECTS = 1500
const KILLS_MAX = 3
/** A command takes about as long to start, and again to do its work. */
const KILL_AFTER_MS = { min: 400, max: 2500 } as const
const BUCKET = { name: 'moves' }

/** Kills commands that move, back up and restore a store, and starts them again. */
export const moves: VerifyStep = {
  name: 'moves',
  claim: 'Killed at random, stowage migrate, backup and restore go on when they are started again, and all of it is there in the end.',
  needs: [],
  run: (context) => withTemporaryDirectory((directory) => run(directory, context)),
}

async function run(directory: string, context: StepContext): Promise<StepResult> {
  const random = randomFrom(context.seed)
  const template = join(directory, 'template')
  await fill(template)
  const wanted = await contentsOf(template)
  const postgres = await startPostgres()
  const rounds = context.sample ? ROUNDS_SAMPLED : ROUNDS
  const failures: string[] = []
  let kills = 0
  try {
    for (let round = 0; round < rounds; round += 1) {
      const [data, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(directory, name)) as [string, string, string]
      const schema = `round_${round}`
      await cp(template, data, { recursive: true })
      const kept = ['--metadata', postgres.url, '--schema', schema]
      const commands = [
        ['migrate', '--from', `sqlite:${data}`, '--to', postgres.url, '--to-schema', schema],
        ['backup', data, backup, ...kept],
        ['restore', backup, restored],
      ]
      for (const command of commands) kills += await untilDone(command, random)
      failures.push(...(await differences(restored, wanted)).map((failure) => `round ${round}: ${failure}`))
      for (const each of [data, backup, restored]) await rm(each, { recursive: true })
      if ((round + 1) % 10 === 0) context.log(`${round + 1} of ${rounds} rounds, ${kills} kills`)
    }
  } finally {
    await postgres.stop()
  }
  if (kills === 0) failures.push('no command was killed: all were faster')
  return { cases: rounds * 3, failures, notes: [`${kills} commands were killed`] }
}

async function fill(directory: string): Promise<void> {
  await mkdir(directory)
  const engine = await openEngineIn(directory)
  const session = engine.as(OWNER)
  await session.createBucket({ bucket: BUCKET, versioning: 'enabled' })
  for (let at = 0; at < OBJECTS; at += 1) {
    const key = `${at % 1000}`
    await session.putObject({ bucket: BUCKET, key, body: contentOf(`${at % 10 === 0 ? 20_000 : 50}:${at}`) })
    if (at % 50 === 49) await session.deleteObject({ bucket: BUCKET, key })
  }
  await engine.close()
}

/** Runs a command again and again until it has done it; how often it was killed. Throws where it says that it cannot. */
async function untilDone(args: readonly string[], random: () => number): Promise<number> {
  let kills = 0
  for (;;) {
    const { min, max } = KILL_AFTER_MS
    const { code, stderr } = await runOnce(args, kills < KILLS_MAX ? min + random() * (max - min) : null)
    if (code === 0) return kills
    // Killed between its last write and its end.
    if (kills > 0 && (await isDone(args, stderr))) return kills
    if (code !== null) throw new Error(`stowage ${args.join(' ')} ended with ${code}: ${stderr}`)
    kills += 1
  }
}

async function isDone([command, , target = '']: readonly string[], stderr: string): Promise<boolean> {
  if (command === 'migrate') return stderr.includes('has been moved to')
  if (command !== 'restore' || !stderr.includes('is not empty')) return false
  const names = await readdir(target)
  return names.includes('metadata.sqlite') && !names.includes('restore.json')
}

async function runOnce(
  args: readonly string[],
  killAfterMs: number | null,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const [command = '', ...rest] = stowageCommand(args)
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const over = new AbortController()
  if (killAfterMs !== null) {
    sleep(killAfterMs, null, { signal: over.signal }).then(
      () => void child.kill('SIGKILL'),
      () => undefined,
    )
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  over.abort()
  return { code, stderr }
}

async function differences(directory: string, wanted: readonly string[]): Promise<readonly string[]> {
  const found = await contentsOf(directory)
  const at = wanted.findIndex((line, index) => line !== found[index])
  const { metadata, backend } = openStores(directory)
  const { findings } = await fsck({ metadata, backends: { main: backend }, deep: true })
  return [
    ...(at === -1 && found.length === wanted.length ? [] : [`${found[at]} instead of ${wanted[at]}`]),
    ...findings.map((finding) => `fsck: ${JSON.stringify(finding)}`),
  ]
}

/** Every version as a line; their bytes are fsck's business, which holds them against the same ETags. */
async function contentsOf(directory: string): Promise<readonly string[]> {
  const engine = await openEngineIn(directory)
  const versions = await versionsOf(engine)
  await engine.close()
  return versions.map(({ key, versionId, sequence, etag, size, deleteMarker }) =>
    JSON.stringify([key, versionId, sequence, etag, size, deleteMarker]),
  )
}

async function versionsOf(engine: Engine): Promise<readonly ObjectInfo[]> {
  const versions: ObjectInfo[] = []
  let marker: { readonly keyMarker?: string; readonly versionIdMarker?: string } | null = {}
  while (marker !== null) {
    const page: Awaited<ReturnType<ReturnType<Engine['as']>['listVersions']>> = await engine
      .as(OWNER)
      .listVersions({ bucket: BUCKET, ...marker })
    versions.push(...page.versions)
    const { nextKeyMarker: keyMarker, nextVersionIdMarker: versionIdMarker } = page
    marker = keyMarker === null ? null : { keyMarker, ...(versionIdMarker === null ? {} : { versionIdMarker }) }
  }
  return versions
}
