import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { refused, runCommand, serveHere } from './stowage-command.ts'
import { clientOf, serve, startStowage, temporaryDirectory } from './stowage-process.ts'

/** A directory with a large object and a small one, that nobody serves any more. */
async function served(): Promise<string> {
  const data = join(await temporaryDirectory(), 'data')
  const server = await serveHere([data, '--bucket', 'photos'])
  const client = clientOf(server.ready)
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: Buffer.alloc(300_000, 7) }))
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'small', Body: 'small' }))
  await server.stop()
  return data
}

async function blobFile(data: string): Promise<string> {
  const entries = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true })
  const file = entries.find((entry) => entry.isFile())
  if (file === undefined) throw new Error('there is no blob')
  return join(file.parentPath, file.name)
}

async function run(...args: readonly string[]): Promise<{
  readonly code: number | null
  readonly report: { ok: boolean; counts: Record<string, number>; checked: Record<string, number> }
}> {
  const { code, stdout, stderr } = await runCommand(['fsck', ...args])
  expect(stderr).toBe('')
  return { code, report: JSON.parse(stdout) as never }
}

describe('stowage fsck', { timeout: 60_000 }, () => {
  test('a served directory is in order, shallow and deep', async () => {
    const data = await served()
    expect(await run(data)).toMatchObject({ code: 0, report: { ok: true, checked: { manifests: 2, blobs: 1, bytes: 0 } } })
    expect(await run(data, '--deep', '--json')).toMatchObject({ code: 0, report: { ok: true, checked: { bytes: 300_005 } } })
  })

  test.each([
    ['a blob that is gone', 'blob-missing', (file: string) => rm(file)],
    ['a blob cut short', 'blob-too-short', (file: string) => truncate(file, 10)],
    ['a blob that nobody knows', 'blob-orphan', (file: string) => writeFile(`${file}x`, 'stray')],
  ])('%s is found, with exit code 1', async (_what, kind, damage) => {
    const data = await served()
    await damage(await blobFile(data))
    expect(await run(data)).toMatchObject({ code: 1, report: { ok: false, counts: { [kind]: 1 } } })
  })

  test('one wrong byte is found by --deep only', async () => {
    const data = await served()
    const bytes = Buffer.alloc(300_000, 7)
    bytes[1234] = 8
    await writeFile(await blobFile(data), bytes)
    expect(await run(data)).toMatchObject({ code: 0 })
    // As a user would start it: the exit code is the process's.
    const process = startStowage(['fsck', data, '--deep'])
    expect([await process.ended, process.stderr()]).toEqual([1, ''])
    expect(JSON.parse(process.stdout())).toMatchObject({ counts: { 'bytes-damaged': 1 } })
  })

  test('a directory that is none is refused, and nothing is made there', async () => {
    const directory = await temporaryDirectory()
    expect(await refused(['fsck', directory])).toContain('is not a data directory')
    expect(await readdir(directory)).toEqual([])
  })

  test('a directory that is served is checked by the server, which goes on', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--bucket', 'photos'])
    const process = startStowage(['fsck', data])
    expect(await process.ended).toBe(0)
    expect(JSON.parse(process.stdout())).toMatchObject({ ok: true, damage: 0, garbage: 0 })
    await clientOf(server.ready).send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: 'x' }))
  })
})
