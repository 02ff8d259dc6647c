import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import type { Backend, PresignFacet } from '../backend/backend.ts'
import { memoryBackend } from '../backend/memory-backend.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1 }
const OPTIONS = { expiresInSeconds: 60, contentType: 'text/plain' }

/** Says in the URL what was asked for, and counts how often it was listed. */
function presigningBackend(): Backend & { listed: number } {
  const backend = memoryBackend()
  const presigning: PresignFacet = {
    presignGet: async (key, { expiresInSeconds, contentType }) => new URL(`https://store.test/${key}?${expiresInSeconds}&${contentType}`),
  }
  const list = backend.list.bind(backend)
  const counting = Object.assign(backend, {
    presigning,
    listed: 0,
    list: (options: Parameters<Backend['list']>[0]) => {
      counting.listed += 1
      return list(options)
    },
  })
  return counting
}

describeOnEachStore('directUrl', (store) => {
  test('is of an object that is one whole blob, by its name, and asks the backend for it once', async () => {
    const backend = presigningBackend()
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS, backend })
    await session.putObject({ bucket, key: 'k', body: bytesOf(500) })
    await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'k' } })
    const urls: unknown[] = []
    for (const key of ['k', 'k', 'copy']) {
      const opened = await session.getObject({ bucket, key })
      urls.push((await opened.directUrl(OPTIONS))?.href)
      opened.close()
    }
    expect(backend.listed).toBe(1)
    for await (const { key } of backend.list({ prefix: '' })) {
      expect(urls).toEqual(Array.from({ length: 3 }, () => `https://store.test/${key}?60&text/plain`))
    }
    await engine.close()
  })

  test('is not of what is small, wanted in part, in several blobs, or a stretch of a longer one', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS, backend: presigningBackend() })
    const directUrl = async (key: string, range?: { readonly start: number }): Promise<URL | null> => {
      const opened = await session.getObject({ bucket, key, ...(range === undefined ? {} : { range }) })
      const url = await opened.directUrl(OPTIONS)
      opened.close()
      return url
    }
    await session.putObject({ bucket, key: 'small', body: bytesOf(100) })
    await session.putObject({ bucket, key: 'k', body: bytesOf(500) })
    const whole = { bucket, key: 'whole', uploadId: (await session.createUpload({ bucket, key: 'whole' })).uploadId }
    const { part } = await session.uploadPartCopy({ ...whole, partNumber: 1, source: { bucket, key: 'k' } })
    await session.completeUpload({ ...whole, parts: [{ partNumber: 1, etag: part.etag }] })
    // Whoever was shown the first 400 bytes must not be given the address of all 500; nor of the copy that says nothing of parts.
    const cut = { bucket, key: 'cut', uploadId: (await session.createUpload({ bucket, key: 'cut' })).uploadId }
    const stretch = { bucket, key: 'k', range: { start: 0, end: 400 } }
    const parts = []
    for (const partNumber of [1, 2]) {
      const { part } = await session.uploadPartCopy({ ...cut, partNumber, source: stretch })
      parts.push({ partNumber, etag: part.etag })
    }
    await session.completeUpload({ ...cut, parts: parts.slice(0, 1) })
    await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'cut' } })
    expect(await directUrl('whole')).toBeInstanceOf(URL)
    expect(await directUrl('k', { start: 0 })).toBeNull()
    for (const key of ['small', 'cut', 'copy']) expect(await directUrl(key), key).toBeNull()
    await engine.close()
  })

  test('lives a minute at most, and is null where the backend presigns nothing, which is not asked then', async () => {
    const backend = Object.assign(presigningBackend(), { presigning: undefined })
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS, backend })
    await session.putObject({ bucket, key: 'k', body: bytesOf(500) })
    const opened = await session.getObject({ bucket, key: 'k' })
    expect(await opened.directUrl(OPTIONS)).toBeNull()
    expect(backend.listed).toBe(0)
    for (const expiresInSeconds of [0, 61, 1.5, Number.NaN]) {
      await expect(opened.directUrl({ expiresInSeconds })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    opened.close()
    await engine.close()
  })
})
