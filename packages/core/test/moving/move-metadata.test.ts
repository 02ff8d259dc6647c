import { describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backend/backend.ts'
import { memoryBackend } from '../../src/backend/memory-backend.ts'
import { moveMetadata } from '../../src/engine/move/move-metadata.ts'
import type { MovedMetadata, MoveMetadataOptions, MoveStep } from '../../src/engine/move/move-metadata.ts'
import { takeBackMetadata } from '../../src/engine/move/take-back-metadata.ts'
import { openEngine } from '../../src/engine/open-engine.ts'
import { allowAll } from '../../src/policy/allow-all.ts'
import { fillWithEverything, goOn, seen, served } from './everything.ts'
import { opened, postgresPlace, sqlitePlace } from './places.ts'
import type { Place } from './places.ts'

/** Moves from one place to another, each named after what it is. */
async function move(from: Place, to: Place, options: Partial<MoveMetadataOptions> = {}): Promise<MovedMetadata> {
  return opened(from, (source) =>
    opened(to, (target) => moveMetadata({ from: source, to: target, names: { from: from.name, to: to.name }, ...options })),
  )
}

const DIRECTIONS: readonly (readonly [string, () => Promise<Place>, () => Promise<Place>])[] = [
  ['sqlite to postgres', sqlitePlace, postgresPlace],
  ['postgres to sqlite', postgresPlace, sqlitePlace],
  ['sqlite to sqlite', sqlitePlace, sqlitePlace],
]

describe('moveMetadata', { timeout: 60_000 }, () => {
  test.each(DIRECTIONS)('%s: everything is there, goes on, and no number comes twice', async (_, open, openOther) => {
    const [from, to, backend] = [await open(), await openOther(), memoryBackend()]
    const begun = await fillWithEverything(from, backend)
    const before = await seen(from, backend)
    const steps: MoveStep[] = []
    const moved = await move(from, to, { onProgress: (step) => steps.push(step) })
    expect(moved.resumed).toBe(false)
    expect(moved.tables.find(({ name }) => name === 'relation public.members')?.rows).toBe(123)
    for (const phase of ['look', 'copy', 'compare'] as const) {
      const last = steps.findLast((step) => step.phase === phase)
      expect(last).toEqual({ phase, done: last?.total, total: moved.rows * (phase === 'compare' ? 2 : 1) })
    }
    expect(await seen(to, backend)).toEqual(before)
    await goOn(to, backend, begun)
    // Both would delete the blobs that the other one still names.
    await expect(from.store().open()).rejects.toMatchObject({
      code: 'StoreNotUsable',
      message: expect.stringContaining(`moved to ${to.name}`),
    })
    await expect(move(from, await sqlitePlace())).rejects.toThrow(`has been moved to ${to.name} already`)
  })

  test('there and back again gives the same digests', async () => {
    const [first, middle, last, backend] = [await sqlitePlace(), await postgresPlace(), await sqlitePlace(), memoryBackend()]
    await fillWithEverything(first, backend)
    const there = await move(first, middle)
    expect(await move(middle, last)).toEqual(there)
  })

  // Between files of SQLite at every place; each schema of Postgres takes its time.
  test.each([
    ['sqlite to sqlite', sqlitePlace, sqlitePlace, 1],
    ['sqlite to postgres', sqlitePlace, postgresPlace, 29],
    ['postgres to sqlite', postgresPlace, sqlitePlace, 29],
  ] as const)('%s: goes on where a fault ended it', async (_, open, openOther, step) => {
    const [from, backend] = [await open(), memoryBackend()]
    await served(from, backend, async ({ session }) => {
      await session.createBucket({ bucket: { name: 'bucket' } })
      // Two pages.
      for (let at = 0; at < 60; at += 1) await session.putObject({ bucket: { name: 'bucket' }, key: `${at}`, body: Buffer.from('x') })
    })
    const faults = { places: 0, failAt: 0, last: '' }
    const onStatement = ({ text }: { readonly text: string }): void => {
      // Of many inserts alike one is enough.
      if (text === faults.last) return
      faults.last = text
      faults.places += 1
      if (faults.places === faults.failAt) throw new Error('a fault was planned')
    }
    const attempt = (to: Place, failAt: number): Promise<MovedMetadata['tables']> =>
      opened(
        from,
        (source) =>
          opened(
            to,
            async (target) => {
              Object.assign(faults, { places: 0, failAt, last: '' })
              return (await moveMetadata({ from: source, to: target, names: { from: 'a', to: 'b' } })).tables
            },
            { openMarked: true, onStatement },
          ),
        { openMarked: true, onStatement },
      )
    const whole = await attempt(await openOther(), 0)
    const { places } = faults
    expect(places).toBeGreaterThan(75)
    for (let failAt = 1; failAt <= places; failAt += step) {
      await opened(from, takeBackMetadata)
      const to = await openOther()
      await expect(attempt(to, failAt), `at ${failAt}`).rejects.toThrow('a fault was planned')
      expect(await attempt(to, 0), `behind ${failAt}`).toEqual(whole)
      await opened(to, async (store) => expect(await store.copying.readMark()).toBe(null))
      await expect(from.store().open()).rejects.toMatchObject({ code: 'StoreNotUsable' })
    }
  })

  test('a row that changes in the copy is found, and so is one that is lost', async () => {
    const [from, to, backend] = [await sqlitePlace(), await postgresPlace(), memoryBackend()]
    await fillWithEverything(from, backend)
    const spoil = async (sql: string): Promise<unknown> => {
      const spoiled: Promise<void>[] = []
      const onProgress = ({ phase, done }: MoveStep): void => {
        if (phase === 'compare' && done === 0) spoiled.push(to.run(sql))
      }
      return move(from, to, { onProgress }).finally(() => Promise.all(spoiled))
    }
    await expect(spoil(`UPDATE inline_bytes SET bytes = '\\x00' WHERE id = (SELECT min(id) FROM inline_bytes)`)).rejects.toThrow(
      'it has other rows in inline_bytes',
    )
    await expect(move(from, to)).rejects.toThrow('it has other rows in inline_bytes')
    await expect(to.store().open()).rejects.toThrow('it is a copy of sqlite that is not finished')
    await expect(spoil('DELETE FROM buckets')).rejects.toThrow('0 rows instead of 2 in buckets')
    await expect(from.store().open()).rejects.toThrow('it is being moved to postgres')
    expect(await opened(from, takeBackMetadata)).toBe('postgres')
    await served(from, backend, ({ session }) => session.listBuckets())
    // The copy is of a state that may be long gone.
    await expect(move(from, to)).rejects.toThrow('the unfinished copy of another store, or of another state: sqlite')
    await expect(to.store().open()).rejects.toMatchObject({ code: 'StoreNotUsable' })
  })
})

describe('moveMetadata refuses', { timeout: 60_000 }, () => {
  test('a target that has rows, and leaves both as they were', async () => {
    const [from, to, backend] = [await sqlitePlace(), await sqlitePlace(), memoryBackend()]
    for (const place of [from, to]) await served(place, backend, ({ session }) => session.createBucket({ bucket: { name: 'here' } }))
    await expect(move(from, to)).rejects.toThrow('this one has rows in buckets')
    for (const place of [from, to]) await served(place, backend, ({ session }) => session.listBuckets())
  })

  test('a Postgres that is in use, on either side, until its process is believed dead', async () => {
    const [from, to, backend] = [await postgresPlace(), await sqlitePlace(), memoryBackend()]
    const serve = (): ReturnType<typeof openEngine> => openEngine({ metadata: from.store(), backend, policy: allowAll() })
    const engine = await serve()
    await expect(move(from, to)).rejects.toThrow(/a process said \d seconds ago that it has it open/)
    await expect(move(to, from)).rejects.toThrow(/that it has it open/)
    await engine.close()
    expect((await move(from, to)).tables.every(({ rows, name }) => rows === (name === 'policy_state' ? 1 : 0))).toBe(true)
    await expect(serve()).rejects.toMatchObject({ code: 'StoreNotUsable' })
  })

  test('a source of SQLite that is open elsewhere', async () => {
    const [from, to] = [await sqlitePlace(), await sqlitePlace()]
    await opened(from, () => expect(move(from, to)).rejects.toMatchObject({ code: 'DirectoryInUse' }))
  })

  test('another target while one is under way, and goes on with the first', async () => {
    const [from, to, other, backend] = [await sqlitePlace(), await sqlitePlace(), await postgresPlace(), memoryBackend()]
    await fillWithEverything(from, backend)
    const stop = new AbortController()
    const onProgress = ({ phase, done }: MoveStep): void => {
      if (phase === 'copy' && done > 10) stop.abort(new Error('enough'))
    }
    await expect(move(from, to, { onProgress, signal: stop.signal })).rejects.toThrow('enough')
    await expect(move(from, other)).rejects.toThrow('it is being moved to sqlite: that must end, or be taken back, first')
    expect((await move(from, to)).resumed).toBe(true)
  })

  test.each([
    ['key of objects', "key = 'nul' || char(0)"],
    ['user_metadata of objects', String.raw`user_metadata = '{"a":"\\\u0000"}'`],
    ['tags of objects', String.raw`tags = '{"\ud83d":""}'`],
  ])('a %s that Postgres cannot keep, by its place, before anything is written', async (place, assignment) => {
    const [from, to, backend] = [await sqlitePlace(), await postgresPlace(), memoryBackend()]
    await served(from, backend, async ({ session }) => {
      await session.createBucket({ bucket: { name: 'bucket' } })
      await session.putObject({
        bucket: { name: 'bucket' },
        key: String.raw`fine\u0000`,
        body: Buffer.from('x'),
        userMetadata: { a: String.raw`\u0000` },
      })
      await session.putObject({ bucket: { name: 'bucket' }, key: 'bad', body: Buffer.from('x') })
    })
    await from.run(`UPDATE objects SET ${assignment} WHERE key = 'bad'`)
    await expect(move(from, to)).rejects.toThrow(`The value of ${place} [`)
    await opened(to, async (store) => expect(await store.copying.readMark()).toBe(null))
    await opened(from, async (store) => expect(await store.copying.readMark()).toBe(null))
    await from.run(`DELETE FROM objects WHERE key <> 'fine\\u0000'`)
    await from.run('DELETE FROM inline_bytes WHERE id NOT IN (SELECT manifest_id FROM objects)')
    expect((await move(from, to)).tables.find(({ name }) => name === 'objects')?.rows).toBe(1)
  })

  test('a relation that its Postgres has from elsewhere, where the target has none', async () => {
    const [from, to, backend] = [await postgresPlace(), await sqlitePlace(), memoryBackend()]
    const relation = {
      name: 'pg_catalog.pg_class',
      columns: { relname: { type: 'text', nullable: false } },
      indexes: [],
      kept: 'postgres',
    } as const
    await keepRelation(from, backend, relation)
    await expect(move(from, to)).rejects.toThrow('the relation pg_catalog.pg_class is not valid: is kept by Postgres')
    await served(from, backend, ({ session }) => session.listBuckets())
  })

  test('a store that was never moved is not taken back', async () => {
    await expect(opened(await sqlitePlace(), takeBackMetadata)).rejects.toThrow('not one that has been moved')
  })
})

async function keepRelation(place: Place, backend: Backend, { kept, columns, indexes, name }: RelationLike): Promise<void> {
  await served(place, backend, () => Promise.resolve())
  const list = Object.entries(columns).map(([column, facts]) => ({ name: column, ...facts }))
  const body = JSON.stringify({ kept, columns: list, indexes })
  await place.run(`INSERT INTO documents (kind, id, version, body) VALUES ('relation', '${name}', 1, '${body}')`)
}

interface RelationLike {
  readonly name: string
  readonly columns: Readonly<Record<string, { readonly type: 'text'; readonly nullable: boolean }>>
  readonly indexes: readonly string[][]
  readonly kept: 'postgres'
}
