import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../../../test/engine-matrix.ts'
import type { InspectionPage, InspectionQuery } from '../../inspection.ts'

async function all<T>(read: (query: InspectionQuery) => Promise<InspectionPage<T>>, limit: number): Promise<readonly T[]> {
  const rows: T[] = []
  let after: string | null = null
  do {
    const page: InspectionPage<T> = await read({ after, limit })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    rows.push(...page.rows)
    after = page.next
  } while (after !== null)
  return rows
}

describeOnEachStore('inspection', (store) => {
  test('tells every manifest, reference and piece of garbage once, whatever the pages are', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(store, {
      versioning: 'enabled',
      limits: { inlineSizeMax: 100, partSizeMin: 1 },
    })
    for (const key of ['a', 'b', 'b', 'c']) await session.putObject({ bucket, key, body: bytesOf(500) })
    await session.putObject({ bucket, key: 'empty', body: bytesOf(0) })
    await session.deleteObject({ bucket, key: 'c' })
    for (const key of ['done', 'done', 'open']) {
      const at = { bucket, key, uploadId: (await session.createUpload({ bucket, key })).uploadId }
      const sent = []
      for (const partNumber of [1, 2, 3, 4, 5]) sent.push(await session.uploadPart({ ...at, partNumber, body: bytesOf(50 * partNumber) }))
      if (key === 'done') await session.completeUpload({ ...at, parts: sent.map(({ partNumber, etag }) => ({ partNumber, etag })) })
    }
    const append = { bucket, key: 'append', uploadId: (await session.createAppendUpload({ bucket, key: 'append' })).uploadId }
    await session.append({ ...append, offset: 0, body: bytesOf(300) })
    await session.append({ ...append, offset: 300, body: bytesOf(3) })
    const { inspection } = metadata
    const manifests = await all((query) => inspection.manifests(query), 1_000)
    expect(manifests.map(({ kind, key, partNumber, partCount, size }) => [kind, key, partNumber ?? partCount, size])).toEqual([
      ['object', 'a', null, 500],
      ['object', 'b', null, 500],
      ['object', 'done', 5, 750],
      ...[1, 2, 3, 4, 5].map((number) => ['part', 'done', number, number * 50]),
      ['object', 'empty', null, 0],
      ['object', 'b', null, 500],
      ['object', 'c', null, 500],
      ['object', 'done', 5, 750],
      ...[1, 2, 3, 4, 5].map((number) => ['part', 'done', number, number * 50]),
      ...[1, 2, 3, 4, 5].map((number) => ['part', 'open', number, number * 50]),
      ['part', 'append', null, 300],
      ['part', 'append', null, 3],
    ])
    expect(await inspection.counts()).toEqual({ buckets: 1, objects: 4, versions: 4, uploads: 2, bytes: 3_500 })
    for (const limit of [1, 2, 3, 5, 7]) {
      expect(await all((query) => inspection.manifests(query), limit)).toEqual(manifests)
    }
    const references = await all((query) => inspection.references(query), 1_000)
    expect(references).toHaveLength(4 + 3 * 3 + 1)
    expect(references.map(({ blob }) => blob)).toEqual(references.map(({ blob }) => blob).sort())
    const garbage = await all((query) => inspection.garbage(query), 1_000)
    expect(garbage.every(({ state }) => state === 'reserved')).toBe(true)
    for (const limit of [1, 3, 50]) {
      expect(await all((query) => inspection.references(query), limit)).toEqual(references)
      expect(await all((query) => inspection.garbage(query), limit)).toEqual(garbage)
    }
    expect(await all((query) => inspection.strayInline(query), 1)).toEqual([])
    expect([await inspection.contradictions(), await inspection.integrity()]).toEqual([[], []])
    for (const after of ['', '[]', '{}', '["objects"]', 'x']) {
      await expect(inspection.manifests({ after, limit: 1 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    await engine.close()
  })
})
