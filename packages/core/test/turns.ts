import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A way to a server on which turns are counted. */
export interface CountedWay {
  readonly url: string
  /** How often the client has begun to speak, after the server had spoken, since the last call: round trips. */
  readonly takeTurns: () => number
  readonly close: () => void
}

/** Opens a way to the server of a URL, on a free port of 127.0.0.1. */
export async function countTurns(to: string): Promise<CountedWay> {
  const { hostname, port } = new URL(to)
  let turns = 0
  const server = createServer((socket) => {
    const behind = connect(Number(port), hostname)
    let heard = true
    socket.on('data', () => {
      if (heard) turns += 1
      heard = false
    })
    behind.on('data', () => {
      heard = true
    })
    for (const end of [socket, behind]) end.on('error', () => undefined)
    for (const end of [socket, behind]) end.setNoDelay(true)
    socket.pipe(behind).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(to)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    takeTurns: () => {
      const taken = turns
      turns = 0
      return taken
    },
    close: () => void server.close(),
  }
}
