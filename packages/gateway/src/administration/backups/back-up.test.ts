import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { accountCaller, allowAll, openEngine } from '@stowage/core'
import type { Engine, MetadataStore, Session } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import type { Backend } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { IN_DIRECTORY } from '../../stores/backend-location.ts'
import type { FileLocation } from '../../stores/backend-location.ts'
import { writeKeptBackend } from '../../stores/kept-backend.ts'
import { backUp } from './back-up.ts'
import { readManifest } from './backup-manifest.ts'
import type { BackedUp, BackupOptions, BackupStep } from './back-up.ts'
import { restore } from './restore.ts'

const BUCKET = { name: 'photos' }

interface Subject {
  readonly parent: string
  readonly to: string
  readonly engine: Engine
  readonly metadata: MetadataStore
  readonly backend: Backend
  readonly session: Session
  readonly backUp: (options?: BackupOptions) => Promise<BackedUp>
  /** Moves the store's time on. */
  readonly advance: (seconds: number) => void
}

/** An engine with three blobs, which waits with garbage for nothing but those who hold it. */
async function subject(): Promise<Subject> {
  const parent = await mkdtemp(join(tmpdir(), 'stowage-'))
  const to = join(parent, 'backup')
  let ahead = 0
  const clock = (): Date => new Date(Date.now() + ahead)
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline', clock })
  const backend = memoryBackend()
  const limits = { garbageGraceSeconds: 0, inlineSizeMax: 0 }
  const engine = await openEngine({ metadata, backend, policy: allowAll(), limits, hashWorkers: { worker: 'inline' } })
  onTestFinished(async () => {
    await engine.close()
    await rm(parent, { recursive: true, force: true })
  })
  const session = engine.as(accountCaller('owner'))
  await session.createBucket({ bucket: BUCKET })
  for (const key of ['a', 'b', 'c']) await session.putObject({ bucket: BUCKET, key, body: Buffer.alloc(1000, key) })
  const request = { to, keys: false, concurrency: null }
  const store = { metadata, backend, dataDirectory: join(parent, 'data') }
  return {
    parent,
    to,
    engine,
    metadata,
    backend,
    session,
    backUp: (options = {}) => backUp(store, request, options),
    advance: (seconds) => void (ahead += seconds * 1000),
  }
}

async function countIn(backend: Backend): Promise<number> {
  let count = 0
  for await (const entry of backend.list({ prefix: '' })) count += Math.sign(entry.size)
  return count
}

type State = 'beginning' | 'running' | 'over'
const STATES: readonly State[] = ['beginning', 'running', 'over']

function isBefore(state: State, other: State): boolean {
  return STATES.indexOf(state) < STATES.indexOf(other)
}

describe('backUp', { timeout: 30_000 }, () => {
  test('what rows of the snapshot name is not deleted before it is copied, and is afterwards', async () => {
    const { engine, backend, session, backUp: run } = await subject()
    const meanwhile: Promise<void>[] = []
    const remove = async (): Promise<void> => {
      await session.deleteObjects({ bucket: BUCKET, objects: [{ key: 'a' }, { key: 'b' }] })
      await engine.collectGarbage()
      expect(await countIn(backend)).toBe(3)
    }
    const onProgress = ({ phase, done, total }: BackupStep): void => {
      if (phase === 'rows' && done === total && meanwhile.length === 0) meanwhile.push(remove())
    }
    const done = await run({ onProgress })
    expect(meanwhile).toHaveLength(1)
    await Promise.all(meanwhile)
    expect(done).toMatchObject({ blobs: 3, bytes: 3000, missing: 0, copied: { blobs: 3, bytes: 3000 }, removed: 0 })
    await engine.collectGarbage()
    expect(await countIn(backend)).toBe(1)
    // The next one has no use for them.
    expect(await run()).toMatchObject({ blobs: 1, copied: { blobs: 0, bytes: 0 }, removed: 2 })
  })

  test('a backup that failed, or was stopped, lets go of garbage, and leaves the last one as it was', async () => {
    const { engine, to, backend, session, backUp: run } = await subject()
    const first = await run()
    const before = await stat(join(to, 'metadata.sqlite'))
    await session.putObject({ bucket: BUCKET, key: 'd', body: Buffer.alloc(1000, 'd') })
    const stop = new AbortController()
    const onProgress = ({ phase }: BackupStep): void => {
      if (phase === 'blobs') stop.abort(new Error('enough'))
    }
    await expect(run({ onProgress, signal: stop.signal })).rejects.toThrow('enough')
    expect((await stat(join(to, 'metadata.sqlite'))).mtimeMs).toBe(before.mtimeMs)
    await session.deleteObject({ bucket: BUCKET, key: 'a' })
    await engine.collectGarbage()
    expect(await countIn(backend)).toBe(3)
    const second = await run()
    expect(second).toMatchObject({ blobs: 3, removed: 1 })
    expect(second.takenAt > first.takenAt).toBe(true)
  })

  test('a backup that lost its hold on garbage, for the store could not be reached, is none', async () => {
    const { to, advance, backUp: run } = await subject()
    const onProgress = ({ phase, done }: BackupStep): void => {
      if (phase === 'blobs' && done === 1) advance(301)
    }
    await expect(run({ onProgress })).rejects.toThrow('Blobs may have been deleted while they were copied')
    expect(await readManifest(to)).toBe('unfinished')
    expect(await run()).toMatchObject({ blobs: 3 })
  })

  test('two at once into one directory: the second is refused', async () => {
    const { backUp: run } = await subject()
    await run()
    const ended = await Promise.allSettled([run(), run()])
    const refused = ended.filter((end) => end.status === 'rejected')
    expect(refused.map(({ reason }) => reason)).toEqual([expect.objectContaining({ code: 'DirectoryInUse' })])
    await run()
  })

  test('from its beginning until its very end: whatever is tried meanwhile, the backup is there', async () => {
    const { parent, to, backUp: run } = await subject()
    await run()
    const outcomes: unknown[] = []
    const killed = new AbortController()
    const kill = (): void => killed.abort(new Error('killed while it copied'))
    let state: State = 'beginning'
    const first = run({ onProgress: () => (state = 'running') }).finally(() => (state = 'over'))
    while (isBefore(state, 'over')) {
      await (isBefore(state, 'running') ? setImmediate() : run({ onProgress: kill, signal: killed.signal })).catch((error: unknown) => {
        if (isBefore(state, 'over')) outcomes.push(error)
      })
    }
    expect(await first).toMatchObject({ blobs: 3 })
    expect(outcomes.length).toBeGreaterThan(1)
    const refusal = { code: 'DirectoryInUse', message: expect.stringContaining('Something is being backed up into') }
    for (const outcome of outcomes) expect(outcome).toMatchObject(refusal)
    const request = { from: to, directory: join(parent, 'restored'), metadata: null, backend: IN_DIRECTORY, concurrency: null }
    expect(await restore(request, {})).toMatchObject({ blobs: 3, damage: 0 })
  })

  test('keys go with the rows: one that is stopped leaves those of the last one', async () => {
    const { parent, to, metadata, backend } = await subject()
    const dataDirectory = join(parent, 'data')
    await mkdir(dataDirectory)
    const run = (keys: boolean, options: BackupOptions = {}): Promise<BackedUp> =>
      backUp({ metadata, backend, dataDirectory }, { to, keys, concurrency: null }, options)
    const keep = (key: string): Promise<void> => writeFile(join(dataDirectory, 'master.key'), key)
    const stopped = (keys: boolean): Promise<unknown> => {
      const stop = new AbortController()
      const onProgress = ({ phase }: BackupStep): void => void (phase === 'bytes' && stop.abort(new Error('enough')))
      return expect(run(keys, { onProgress, signal: stop.signal })).rejects.toThrow('enough')
    }
    let count = 0
    const restored = async (): Promise<readonly string[]> => {
      const directory = join(parent, `restored-${(count += 1)}`)
      await restore({ from: to, directory, metadata: null, backend: IN_DIRECTORY, concurrency: null }, {})
      const keys = (await readdir(directory)).filter((name) => !/^metadata|^blobs|^tmp/.test(name))
      return Promise.all(keys.map((name) => readFile(join(directory, name), 'utf8')))
    }
    await keep('first')
    expect(await run(true)).toMatchObject({ keys: true })
    await stopped(false)
    expect(await restored()).toEqual(['first'])
    await keep('second')
    await stopped(true)
    expect(await restored()).toEqual(['first'])
    await run(true)
    expect(await restored()).toEqual(['second'])
    expect(await run(false)).toMatchObject({ keys: false })
    expect(await restored()).toEqual([])
    expect((await readdir(to)).filter((name) => /key/.test(name))).toEqual([])
  })

  test('one that cannot keep garbage back leaves nothing open', async () => {
    const { metadata, backUp: run } = await subject()
    const holdGarbage = metadata.holdGarbage.bind(metadata)
    metadata.holdGarbage = () => Promise.reject(new Error('the store is away'))
    await expect(run()).rejects.toThrow('the store is away')
    metadata.holdGarbage = holdGarbage
    expect(await run()).toMatchObject({ blobs: 3 })
  })

  test('files are their owner’s alone', async () => {
    const { to, backUp: run } = await subject()
    await run()
    for (const name of await readdir(to, { recursive: true })) {
      const found = await stat(join(to, name))
      if (!name.endsWith('.lock')) expect([name, (found.mode & 0o077).toString(8)]).toEqual([name, '0'])
    }
    expect((await stat(to)).mode & 0o077).toBe(0)
  })

  test('a directory that has something else is none of backups', async () => {
    const { to, parent, metadata, backend } = await subject()
    await writeFile(join(parent, 'other'), '')
    const store = { metadata, backend, dataDirectory: join(tmpdir(), 'elsewhere') }
    await expect(backUp(store, { to: parent, keys: false, concurrency: null }, {})).rejects.toThrow(
      'is no directory of backups, and not empty',
    )
    await expect(backUp({ ...store, dataDirectory: null }, { to, keys: false, concurrency: null }, {})).rejects.toThrow('in memory')
  })
})

test.each([
  ['data', 'data'],
  ['data', 'data/blobs/backup'],
  ['all/data', 'all'],
])('of %s there is no backup in %s: one would be in the other', async (data, to) => {
  const { parent, metadata, backend } = await subject()
  const request = { to: join(parent, to), keys: false, concurrency: null }
  await expect(backUp({ metadata, backend, dataDirectory: join(parent, data) }, request, {})).rejects.toThrow('lie within each other')
  expect(await readdir(parent)).toEqual([])
})

test.each([
  ['data', 'link/blobs/backup'],
  ['link', 'data/backup'],
  ['link/data', 'link/data/new/backup'],
  ['elsewhere', 'bytes/backup'],
  ['elsewhere', 'to-bytes/new/backup'],
  ['elsewhere', 'formerly'],
])('of %s there is no backup in %s, by a link or where the bytes are: one would be in the other', async (data, to) => {
  const { parent, metadata, backend } = await subject()
  for (const name of ['data', 'bytes', 'formerly']) await mkdir(join(parent, name))
  await symlink(join(parent, 'data'), join(parent, 'link'))
  await symlink(join(parent, 'bytes'), join(parent, 'to-bytes'))
  const at = (name: string): FileLocation => ({ kind: 'file', directory: join(parent, name) })
  await writeKeptBackend(metadata, { current: at('bytes'), former: at('formerly/bytes'), through: null }, null)
  const request = { to: join(parent, to), keys: false, concurrency: null }
  await expect(backUp({ metadata, backend, dataDirectory: join(parent, data) }, request, {})).rejects.toThrow('lie within each other')
  for (const name of ['data', 'bytes', 'formerly']) expect(await readdir(join(parent, name))).toEqual([])
})

test('a name that only begins alike lies beside', async () => {
  const { parent, metadata, backend } = await subject()
  const request = { to: join(parent, 'data-of-yesterday'), keys: false, concurrency: null }
  expect(await backUp({ metadata, backend, dataDirectory: join(parent, 'data') }, request, {})).toMatchObject({ blobs: 3 })
})
