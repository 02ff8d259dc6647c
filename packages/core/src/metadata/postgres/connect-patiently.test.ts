import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Pool } from 'pg'
import { expect, inject, test } from 'vitest'
import { postgresPool } from '../../../test/stores.ts'
import { connectPatiently } from './connect-patiently.ts'

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/**
 * A way to the server on which a new connection is ended at once: the client reads in one piece that it is ready and that it is over, as it
 * does where it is busy.
 */
async function startEnding(): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }> {
  const url = new URL(inject('postgresUrl'))
  const { hostname, port } = new URL(url)
  const administrator = postgresPool(1)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let held = Buffer.alloc(0)
    let ended = false
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined))
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      if (ended) return
      const keyData = held.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
      if (!held.subarray(-READY.length).equals(READY) || keyData < 0) {
        client.write(held)
        held = Buffer.alloc(0)
        return
      }
      ended = true
      void administrator.query('SELECT pg_terminate_backend($1)', [held.readInt32BE(keyData + 5)])
    })
    upstream.on('end', () => client.end(held))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url.port = String((server.address() as AddressInfo).port)
  const stop = (): Promise<unknown> => {
    for (const socket of sockets) socket.destroy()
    return Promise.all([new Promise((resolve) => server.close(resolve)), administrator.end()])
  }
  return { url: url.href, stop }
}

test('a connection that ends with the moment in which it is there is an error of a query, and not the end of the process', async () => {
  const ending = await startEnding()
  const pool = new Pool({ connectionString: ending.url, max: 1 })
  pool.on('error', () => undefined)
  // An 'error' that nobody listens to would be an uncaught exception, which fails the run.
  for (let round = 0; round < 3; round += 1) {
    const client = await connectPatiently(pool)
    await expect(client.query({ text: 'SELECT 1', rowMode: 'array', types: { getTypeParser: () => (text) => text } })).rejects.toThrow(
      /terminat|not queryable|closed/i,
    )
    client.release(true)
  }
  await pool.end()
  await ending.stop()
})
