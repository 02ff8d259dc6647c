import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import { blocksOf, typed } from './page.ts'
import { serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

test('every command of the page, in its order', { timeout: 60_000 }, async () => {
  const postgres = await openPostgresDatabase()
  try {
    const cwd = await temporaryDirectory()
    const data = join(cwd, 'data')
    const [there = '', takeBack = '', back = '', ...rest] = (await blocksOf('moving.md')).map(({ text }) => text)
    expect(rest).toEqual([])
    const first = await serveHere([data, '--bucket', 'photos'])
    await clientOf(first.ready).send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: Buffer.alloc(100_000) }))
    await first.stop()
    // The database of the test is another one.
    const block = there.replace(/"postgres:.*"/, '"$URL"')
    expect(block).not.toBe(there)
    const lines = async (text: string): Promise<unknown[]> => {
      const said = await typed(text, cwd, { URL: postgres.url, STOWAGE_METADATA: postgres.url })
      return said.trim().split('\n').map((line): unknown => JSON.parse(line)) // prettier-ignore
    }
    const moved = { rows: expect.any(Number), resumed: false, to: expect.stringContaining(', schema photos') }
    expect(await lines(block)).toEqual([expect.objectContaining(moved), expect.objectContaining({ ok: true })])
    expect(await lines(back)).toEqual([expect.objectContaining({ resumed: false }), expect.objectContaining({ ok: true })])
    const second = await serveHere([data])
    const { Body } = await clientOf(second.ready).send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
    expect((await Body?.transformToByteArray())?.length).toBe(100_000)
    await second.stop()
    const once = block.replace('to-schema photos', 'to-schema others').replace(/\n.*fsck.*/, '')
    await lines(once)
    expect(await lines(takeBack)).toEqual([{ takenBack: `sqlite:${data}/metadata.sqlite`, from: expect.stringContaining('others') }])
  } finally {
    await postgres.stop()
  }
})
