import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A way to a server on which bytes take as long as on a network. */
export interface LimitedLink {
  /** The server's address, over the link. */
  readonly endpoint: string
  close(): Promise<void>
}

/** What may be sent at once after a pause, in milliseconds of the rate: timers are no finer. */
const BURST_MS = 5
/** Less than this is not waited for. */
const WAIT_MS_MIN = 1

/** One direction: all connections share it. Gives how long bytes have to wait, in milliseconds. */
class Direction {
  readonly #bytesPerMs: number
  #freeAt = 0

  constructor(megabitsPerSecond: number) {
    this.#bytesPerMs = (megabitsPerSecond * 1e6) / 8 / 1000
  }

  waitFor(bytes: number): number {
    const now = performance.now()
    this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + bytes / this.#bytesPerMs
    return this.#freeAt - now
  }
}

/**
 * Listens on a free port of 127.0.0.1 and passes bytes on to the server, so many megabits a second in each direction, for all connections
 * together. It adds no latency of its own.
 */
export async function openLimitedLink(endpoint: string, megabitsPerSecond: number): Promise<LimitedLink> {
  const { protocol, hostname, port } = new URL(endpoint)
  const [up, down] = [new Direction(megabitsPerSecond), new Direction(megabitsPerSecond)]
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // Each end hears of the other's by its own closing.
      socket.on('error', () => {
        near.destroy()
        far.destroy()
      })
    }
    pass({ from: near, to: far, over: up })
    pass({ from: far, to: near, over: down })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    endpoint: `${protocol}//127.0.0.1:${address.port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function pass({ from, to, over }: { readonly from: Socket; readonly to: Socket; readonly over: Direction }): void {
  const forward = (chunk: Buffer): void => {
    if (to.destroyed) return
    if (to.write(chunk)) from.resume()
    else to.once('drain', () => from.resume())
  }
  from.on('data', (chunk: Buffer) => {
    from.pause()
    const wait = over.waitFor(chunk.length)
    if (wait < WAIT_MS_MIN) forward(chunk)
    else setTimeout(forward, wait, chunk)
  })
  from.once('end', () => to.end())
  from.once('close', () => to.destroy())
}
