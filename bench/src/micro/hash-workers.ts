import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { HashWorkerPool } from '../../../packages/core/src/checksums/hash-worker-pool.ts'
import { HashingSource } from '../../../packages/core/src/checksums/hashing-source.ts'
import type { DigestAlgorithm } from '../../../packages/core/src/checksums/checksum-algorithm.ts'

/**
 * 64 MiB uploads over a loopback socket, from a process of its own, discarded or written and fdatasynced: what hashing
 * costs inline and on workers. `node -C @stowage/source bench/src/micro/hash-workers.ts DIRECTORY`; the files go there.
 */
const BODY_SIZE = 64 * 1024 * 1024
const WRITE_SIZE = 512 * 1024
const ROUNDS = 3

interface Variant {
  readonly name: string
  readonly digests: readonly DigestAlgorithm[]
  readonly threads: number
  readonly write: boolean
}

const VARIANTS: readonly Variant[] = [
  { name: 'discard', digests: [], threads: 0, write: false },
  { name: 'discard, MD5 inline', digests: ['MD5'], threads: 0, write: false },
  { name: 'discard, MD5 on 1 worker', digests: ['MD5'], threads: 1, write: false },
  { name: 'write', digests: [], threads: 0, write: true },
  { name: 'write, CRC32C', digests: ['CRC32C'], threads: 0, write: true },
  { name: 'write, MD5 inline', digests: ['MD5'], threads: 0, write: true },
  { name: 'write, MD5 on 1 worker', digests: ['MD5'], threads: 1, write: true },
  { name: 'write, MD5+CRC32C inline', digests: ['MD5', 'CRC32C'], threads: 0, write: true },
  { name: 'write, MD5+CRC32C, 1 worker', digests: ['MD5', 'CRC32C'], threads: 1, write: true },
]

async function receive(
  request: IncomingMessage,
  variant: Variant,
  to: { readonly pool: HashWorkerPool; readonly file: string },
): Promise<void> {
  const source = new HashingSource(request, { digests: variant.digests, size: BODY_SIZE, workers: to.pool })
  if (!variant.write) {
    for await (const chunk of source) source.releaseChunk(chunk)
    await source.finish()
    return
  }
  const file = await open(to.file, 'wx')
  let chunks: Uint8Array[] = []
  let size = 0
  let writing: Promise<unknown> = Promise.resolve()
  for await (const chunk of source) {
    chunks.push(chunk)
    size += chunk.length
    if (size < WRITE_SIZE) continue
    await writing
    const batch = chunks
    writing = file.writev(batch).then(() => {
      for (const written of batch) source.releaseChunk(written)
    })
    chunks = []
    size = 0
  }
  await writing
  await file.writev(chunks)
  await Promise.all([file.datasync(), source.finish()])
  await file.close()
}

async function measure(variant: Variant, connections: number, directory: string): Promise<readonly number[]> {
  const pool = new HashWorkerPool({ threadsMax: variant.threads })
  await pool.start()
  let files = 0
  let cpu = process.cpuUsage()
  let peak = 0
  const sample = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5)
  const server = createServer((request, response) => {
    files += 1
    // The first body of each connection warms up.
    if (files === connections + 1) cpu = process.cpuUsage()
    receive(request, variant, { pool, file: join(directory, `${files}`) }).then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const bodies = connections === 1 ? 12 : 4
  const client = spawn(process.execPath, [import.meta.filename, 'client', `${port}`, `${connections}`, `${bodies}`])
  let output = ''
  client.stdout.on('data', (text: Buffer) => (output += text.toString()))
  client.stderr.pipe(process.stderr)
  await once(client, 'exit')
  const used = process.cpuUsage(cpu)
  clearInterval(sample)
  server.close()
  await pool.close()
  const gigabytes = (bodies * connections * BODY_SIZE) / 1e9
  return [(gigabytes * 1000) / Number(output), (used.user + used.system) / 1e6 / gigabytes, peak / 1024 / 1024]
}

/** The other process: raw sockets, one body behind the other on each. Prints the seconds. */
async function client(port: number, connections: number, bodies: number): Promise<void> {
  const piece = Buffer.alloc(1024 * 1024, 'not only zeros')
  const put = async (socket: Socket): Promise<void> => {
    const answer = once(socket, 'data')
    socket.write(`PUT / HTTP/1.1\r\nHost: bench\r\nContent-Length: ${BODY_SIZE}\r\n\r\n`)
    for (let sent = 0; sent < BODY_SIZE; sent += piece.length) if (!socket.write(piece)) await once(socket, 'drain')
    const head = String(await answer)
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(head)
  }
  const sockets = Array.from({ length: connections }, () => connect({ port, host: '127.0.0.1', noDelay: true }))
  await Promise.all(sockets.map(put))
  const start = process.hrtime.bigint()
  await Promise.all(
    sockets.map(async (socket) => {
      for (let body = 0; body < bodies; body += 1) await put(socket)
    }),
  )
  console.log(Number(process.hrtime.bigint() - start) / 1e9)
  for (const socket of sockets) socket.destroy()
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

async function main(directory: string): Promise<void> {
  for (const connections of [1, 4]) {
    const results = new Map<string, (readonly number[])[]>()
    // Round by round, so that a busy minute of the machine falls on all variants alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const variant of VARIANTS) {
        const own = join(directory, `bench-${process.pid}-${round}-${VARIANTS.indexOf(variant)}`)
        await mkdir(own, { recursive: true })
        results.set(variant.name, [...(results.get(variant.name) ?? []), await measure(variant, connections, own)])
        await rm(own, { recursive: true })
      }
    }
    console.log(`${connections} connection(s)`.padEnd(30), '    MB/s  CPU-s/GB  RSS MiB')
    for (const [name, runs] of results) {
      const [speed, cpu, rss] = [0, 1, 2].map((column) => median(runs.map((run) => run[column] ?? NaN)))
      console.log(name.padEnd(30), speed?.toFixed(0).padStart(8), cpu?.toFixed(2).padStart(9), rss?.toFixed(0).padStart(8))
    }
  }
}

const [first = '.', ...rest] = process.argv.slice(2)
if (first === 'client') await client(Number(rest[0]), Number(rest[1]), Number(rest[2]))
else await main(first)
