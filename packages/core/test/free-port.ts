import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

const LOWEST = 10_000
const OUTGOING_FROM = 32_768

/** A port of 127.0.0.1 that nobody has just now, below those that the system gives to outgoing connections: none of them takes it meanwhile. */
export async function freePort(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  const outgoingFrom = Number.parseInt(range)
  const end = outgoingFrom > LOWEST + 2000 ? outgoingFrom : OUTGOING_FROM
  for (let attempt = 1; ; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST))
    try {
      return await listened(port)
    } catch (error) {
      if (attempt === 50) throw error
    }
  }
}

function listened(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })
}
