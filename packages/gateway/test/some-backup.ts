import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountCaller, allowAll, openEngine } from '@stowage/core'
import { fsBackend } from '@stowage/backend-fs'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll } from 'vitest'
import { backUp } from '../src/administration/backups/back-up.ts'
import { temporaryDirectory } from './stowage-process.ts'

const BUCKET = { name: 'photos' }

async function makeBackup(parent: string): Promise<void> {
  const [data, from] = [join(parent, 'data'), join(parent, 'backup')]
  await mkdir(data)
  const metadata = sqliteMetadata({ file: join(data, 'metadata.sqlite'), worker: 'inline', durability: 'process' })
  const backend = fsBackend({ directory: data })
  const engine = await openEngine({ metadata, backend, policy: allowAll(), hashWorkers: { worker: 'inline' } })
  const session = engine.as(accountCaller('owner'))
  await session.createBucket({ bucket: BUCKET })
  for (const key of ['a', 'b', 'c']) await session.putObject({ bucket: BUCKET, key, body: Buffer.alloc(100_000, key) })
  for (const key of ['x', 'y', 'z']) await session.putObject({ bucket: BUCKET, key, body: Buffer.alloc(100, key) })
  await backUp({ metadata, backend, dataDirectory: data }, { to: from, keys: false, concurrency: null }, {})
  await engine.close()
}

let template: Promise<string> | null = null

async function makeTemplate(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-template-'))
  await makeBackup(directory)
  return directory
}

afterAll(async () => {
  if (template !== null) await rm(await template, { recursive: true })
})

/** A store of three blobs and some small objects, and a backup of it, to do with as one likes: made once, and copied. */
export async function someBackup(): Promise<{ readonly parent: string; readonly data: string; readonly from: string }> {
  const parent = await temporaryDirectory()
  await cp(await (template ??= makeTemplate()), parent, { recursive: true, preserveTimestamps: true })
  return { parent, data: join(parent, 'data'), from: join(parent, 'backup') }
}

/** The files of all blobs of a data directory, or of a backup, in the order of their names. */
export async function blobsIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name)).toSorted()
}

/** Changes a byte of a blob. */
export async function rot(blob: string): Promise<void> {
  const bytes = await readFile(blob)
  bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000)
  await writeFile(blob, bytes)
}
