import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { refused, said } from './stowage-command.ts'
import { clientOf, serve, startStowage, temporaryDirectory } from './stowage-process.ts'

async function fill(ready: Awaited<ReturnType<typeof serve>>['ready']): Promise<void> {
  const client = clientOf(ready)
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'small', Body: 'x'.repeat(100) }))
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: Buffer.alloc(1_000_000) }))
  await client.send(new CreateMultipartUploadCommand({ Bucket: 'music', Key: 'begun' }))
}

const BUCKETS = [
  { name: 'music', account: 'root', createdAt: expect.stringMatching(/^20.*Z$/) as string, versioning: 'off' },
  { name: 'photos', account: 'root', createdAt: expect.stringMatching(/^20.*Z$/) as string, versioning: 'off' },
]
const STATISTICS = { buckets: 2, objects: 2, versions: 0, uploads: 1, bytes: 1_000_100 }

describe('stowage buckets, stat and fsck', { timeout: 60_000 }, () => {
  test('work while the directory is served, and afterwards', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--bucket', 'photos', '--bucket', 'music'])
    await fill(server.ready)
    const ask = async (): Promise<void> => {
      expect(await said(['buckets', data])).toEqual(BUCKETS)
      // As a user would start it, one of them: nothing keeps the process from its end.
      const process = startStowage(['stat', data])
      expect([await process.ended, process.stderr()]).toEqual([0, ''])
      expect(JSON.parse(process.stdout())).toEqual(STATISTICS)
      expect(await said(['fsck', data, '--deep'])).toMatchObject({ ok: true, checked: { bytes: 1_000_100 } })
    }
    await ask()
    expect((await stat(join(data, 'control.sock'))).mode & 0o777).toBe(0o600)
    server.child.kill('SIGTERM')
    await server.ended
    expect(await readdir(data)).not.toContain('control.sock')
    await ask()
  })

  test('after a crash, which leaves the socket', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--bucket', 'photos'])
    server.child.kill('SIGKILL')
    await server.ended
    expect(await readdir(data)).toContain('control.sock')
    expect(await said(['stat', data])).toMatchObject({ buckets: 1 })
    const again = await serve([data])
    expect(await said(['stat', data])).toMatchObject({ buckets: 1 })
    again.child.kill('SIGTERM')
    expect(await again.ended).toBe(0)
  })

  test('a directory whose name is too long for a socket is served without one, and says so', async () => {
    const data = join(await temporaryDirectory(), 'long'.repeat(30))
    const server = await serve([data])
    expect(server.stderr()).toContain('there is no control socket')
    expect(await refused(['stat', data])).toMatch(/in use by another process/)
    server.child.kill('SIGTERM')
    await server.ended
    expect(await said(['stat', data])).toMatchObject({ buckets: 0 })
  })

  test.each(['buckets', 'stat', 'fsck'])('%s: a directory that is none is refused, and nothing is made there', async (command) => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'a-file'), '')
    expect(await refused([command, directory])).toContain('is not a data directory')
    expect(await readdir(directory)).toEqual(['a-file'])
  })
})
