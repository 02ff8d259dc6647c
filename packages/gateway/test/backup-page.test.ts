import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { blocksOf, typed } from './page.ts'
import { said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

test('every command of the page, in its order', { timeout: 60_000 }, async () => {
  const cwd = await temporaryDirectory()
  const data = join(cwd, 'data')
  for (const name of ['backups', 'safe']) await mkdir(join(cwd, name))
  const [backup = '', restore = '', ...rest] = (await blocksOf('backup.md'))
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.replaceAll(' /backups/', ` ${cwd}/backups/`).replaceAll(' /safe/', ` ${cwd}/safe/`))
  expect(rest).toEqual([])
  const first = await serveHere([data, '--bucket', 'photos'])
  const key = await said<{ accessKeyId: string; secretAccessKey: string }>(['keys', 'create', data, '--account', 'root', '--json'])
  await clientOf(first.ready).send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: Buffer.alloc(100_000) }))
  expect(JSON.parse(await typed(backup, cwd))).toMatchObject({ blobs: 1, bytes: 100_000, missing: 0, keys: false })
  await first.stop()
  const lines = (await typed(restore, cwd)).trim().split('\n').map((line): unknown => JSON.parse(line)) // prettier-ignore
  expect(lines).toEqual([expect.objectContaining({ blobs: 1, damage: 0 }), expect.objectContaining({ ok: true })])
  const second = await serveHere([join(cwd, 'restored')])
  expect(second.ready.accessKeyId).toBe(first.ready.accessKeyId)
  // What was sealed opens again.
  const { Body } = await clientOf({ ...second.ready, ...key }).send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
  expect((await Body?.transformToByteArray())?.length).toBe(100_000)
})
