import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { masterKeysFor } from '../../../packages/gateway/src/stores/master-keys.ts'
import { assembleTenants } from '../../../packages/gateway/src/serving/assemble-tenants.ts'
import { completeLimits } from '../../../packages/gateway/src/serving/limits.ts'
import { Connection } from '../load/connection.ts'
import { drive } from '../load/drive.ts'
import { RequestSigner } from '../load/signed-request.ts'
import { processUsage, residentMemory, usedSeconds } from '../processes/process-usage.ts'

/*
 * `stowage serve --tenants` with many tenants (a SQLite file each) beside one of the same load in all: memory, threads, descriptors,
 * and how long a PUT and a GET of 4 KiB take, 32 connections, tenants in turn by chance.
 *   node -C @stowage/source bench/src/micro/tenants.ts [tenants] [requests] [open at a time …]
 */

const [, , tenantsText = '1000', requestsText = '20000', ...openTexts] = process.argv
const TENANTS = Number(tenantsText)
const REQUESTS = Number(requestsText)
const OPEN = openTexts.length === 0 ? [TENANTS, 128] : openTexts.map(Number)
const CONNECTIONS = 32
const SECONDS_MAX = 20
const GET_ROUNDS = 5
const SIZE = 4096
const OBSERVER = { event: () => undefined }

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Makes tenants in a directory, and gives back a key of each. */
async function furnish(directory: string, count: number): Promise<readonly Key[]> {
  const begin = performance.now()
  const { tenants, close } = await assembleTenants({
    directory,
    masterKeys: masterKeysFor({}, directory),
    region: 'us-east-1',
    observer: OBSERVER,
    limits: completeLimits({}),
  })
  const keys: Key[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) keys.push((await tenants.create({ name: `t${next++}`, hosts: [], requestsMax: null })).key)
  }
  await Promise.all(Array.from({ length: 8 }, work))
  await close()
  console.log(`${count} tenants made in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  return keys
}

interface Server {
  readonly child: ChildProcess
  readonly endpoint: string
}

async function serve(directory: string, tenantsOpenMax: number): Promise<Server> {
  const config = join(directory, 'config.json')
  await writeFile(config, JSON.stringify({ limits: { tenantsOpenMax } }))
  const main = fileURLToPath(new URL('../../../packages/gateway/src/main.ts', import.meta.url))
  // As `npm start` sets it; what it is for stands in docs/how-to/limit-memory.md.
  const args = [
    '--max-semi-space-size=8',
    '-C',
    '@stowage/source',
    main,
    'serve',
    directory,
    '--tenants',
    '--port',
    '0',
    '--json',
    '--config',
    config,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, endpoint: (JSON.parse(line) as { readonly endpoint: string }).endpoint }
}

interface Asked {
  readonly head: Buffer
  readonly body: Buffer | null
}

/** Says how many were answered in the time. */
async function load(name: string, { child, endpoint }: Server, asked: readonly Asked[]): Promise<number> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(endpoint)))
  const pid = child.pid ?? 0
  const before = processUsage(pid)
  const step = async (index: number, lane: number): Promise<number> => {
    const { head, body } = asked[index] ?? { head: Buffer.alloc(0), body: null }
    const reply = await connections[lane]?.exchange(head, body)
    if (reply?.status !== 200) throw new Error(`${name}: ${reply?.status} ${reply?.body?.toString() ?? ''}`)
    return reply.length
  }
  const { operations, seconds, p50, p99 } = await drive({ count: asked.length, concurrency: CONNECTIONS, secondsMax: SECONDS_MAX, step })
  for (const connection of connections) connection.close()
  const cpu = (usedSeconds(before, processUsage(pid)) / operations) * 1e6
  const rate = Math.round(operations / seconds)
  console.log(
    `  ${name.padEnd(12)}${String(rate).padStart(7)}/s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  cpu ${cpu.toFixed(0)} µs each` +
      `   ${footprint(pid)}`,
  )
  return operations
}

function footprint(pid: number): string {
  const threads = /^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '?'
  const { now, peak } = residentMemory(pid)
  const files = readdirSync(`/proc/${pid}/fd`).length
  return `RSS ${now.toFixed(0)} MiB (peak ${peak.toFixed(0)}), ${threads} threads, ${files} descriptors`
}

async function measure(title: string, directory: string, { keys, openMax }: { keys: readonly Key[]; openMax: number }): Promise<void> {
  const server = await serve(directory, openMax)
  console.log(`${title}: begun with ${footprint(server.child.pid ?? 0)}`)
  try {
    await measureOn(server, keys)
  } finally {
    const ended = once(server.child, 'exit')
    server.child.kill('SIGTERM')
    await ended
  }
}

async function measureOn(server: Server, keys: readonly Key[]): Promise<void> {
  const signers = keys.map((key) => new RequestSigner({ endpoint: server.endpoint, region: 'us-east-1', ...key }))
  const body = randomBytes(SIZE)
  const of = (index: number): RequestSigner => signers[(index * 7919) % signers.length] as RequestSigner
  const buckets = signers.map((signer) => ({ head: signer.sign({ method: 'PUT', path: '/bench' }), body: null }))
  await load('bucket', server, buckets)
  const numbers = Array.from({ length: REQUESTS }, (_, index) => index)
  const path = (index: number): string => `/bench/photos/${index}.jpg`
  const puts = numbers.map((index) => ({ head: of(index).sign({ method: 'PUT', path: path(index), bodyLength: SIZE }), body }))
  const put = await load('put 4 KiB', server, puts)
  const gets = numbers.slice(0, put).map((index) => ({ head: of(index).sign({ method: 'GET', path: path(index) }), body: null }))
  // Again and again: memory that only grows is seen.
  for (let round = 0; round < GET_ROUNDS; round += 1) await load('get 4 KiB', server, gets)
}

const parent = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
try {
  const directories = { one: join(parent, 'one'), many: join(parent, 'many') }
  const [one, many] = [await furnish(directories.one, 1), await furnish(directories.many, TENANTS)]
  await measure('one tenant', directories.one, { keys: one, openMax: 128 })
  for (const openMax of OPEN) {
    await measure(`${TENANTS} tenants, ${openMax} open at a time`, directories.many, { keys: many, openMax })
  }
} finally {
  await rm(parent, { recursive: true, force: true })
}
