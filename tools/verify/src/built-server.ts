import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { clientOf } from './client.ts'
import { runCommand } from './run-command.ts'
import type { Ready } from './server.ts'

/*
 * Does what was built work? Everything else here runs from source; this starts `dist` with plain node, as after an install:
 * other file names, other workers, the published `exports`. Run after `turbo run build`; ends with 1 and the first fault.
 */
const MAIN = fileURLToPath(new URL('../../../packages/gateway/dist/main.js', import.meta.url))
const HASH_WORKER_POOL = new URL('../../../packages/core/dist/checksums/hash-worker-pool.js', import.meta.url).href
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 20_000
const BUCKET = 'built'
/** One that lives in the row, and one that becomes a blob and is hashed by a worker. */
const BODIES = { small: randomBytes(1000), large: randomBytes(3 * 1024 ** 2) }

/** What is used of `packages/core/src/checksums/hash-worker-pool.ts`, which no door of core lets through. */
interface BuiltPool {
  readonly HashWorkerPool: new (options: { readonly threadsMax: number }) => { start(): Promise<boolean>; close(): Promise<void> }
}

const directory = await mkdtemp(join(tmpdir(), 'stowage-built-'))
try {
  await hashWorkerStarts()
  await withServer(['--memory'], async (client) => {
    await putAll(client)
    await readAll(client)
  })
  await withServer([directory], putAll)
  await withServer([directory], readAll)
  const fsck = await runCommand(process.execPath, [MAIN, 'fsck', directory, '--deep', '--json'])
  assert.equal(fsck.code, 0, `fsck found fault: ${fsck.stdout}${fsck.stderr}`)
  console.log('the built server works: workers, put, get, list, restart, fsck')
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** A pool that finds no worker hashes inline and says nothing, so it is asked. */
async function hashWorkerStarts(): Promise<void> {
  const { HashWorkerPool } = (await import(HASH_WORKER_POOL)) as BuiltPool
  const pool = new HashWorkerPool({ threadsMax: 1 })
  try {
    assert.equal(await pool.start(), true, 'the hash worker of dist does not start')
  } finally {
    await pool.close()
  }
}

async function putAll(client: S3Client): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  for (const [Key, Body] of Object.entries(BODIES)) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
}

async function readAll(client: S3Client): Promise<void> {
  const listed = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
  assert.deepEqual(
    listed.Contents?.map(({ Key, Size }) => [Key, Size]),
    [
      ['large', BODIES.large.length],
      ['small', BODIES.small.length],
    ],
  )
  for (const [Key, body] of Object.entries(BODIES)) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }))
    assert.ok(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body), `${Key} came back as other bytes`)
  }
}

/** Starts the server, and stops it as an operator would: SIGTERM must end it with 0. */
async function withServer(args: readonly string[], use: (client: S3Client) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args, '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  try {
    const ready = await within(START_TIMEOUT_MS, 'the server does not listen', async () => {
      for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        stdout += String(text)
        if (stdout.includes('\n')) return JSON.parse(stdout) as Ready
      }
      throw new Error(`the server ended with ${await ended} before it listened: ${stderr}`)
    })
    child.stdout.resume()
    const client = clientOf(ready)
    await use(client)
    client.destroy()
    child.kill('SIGTERM')
    assert.equal(await within(STOP_TIMEOUT_MS, 'SIGTERM does not end the server', () => ended), 0, stderr)
    assert.equal(stderr, '')
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function within<T>(ms: number, complaint: string, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([run(), tooLate])
  } finally {
    clearTimeout(timer)
  }
}
