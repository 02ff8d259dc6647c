import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a proxy does to requests on their way. */
export interface ProxyOptions {
  /** Takes this off the front of the path. */
  readonly strip?: string
  /** Leaves Host as the client sent it; else it becomes the server's. */
  readonly keepHost?: boolean
  /** Adds headers that say what was changed. */
  readonly say?: (host: string) => Readonly<Record<string, string>>
}

/** A reverse proxy that passes requests on. */
export interface Proxy {
  readonly port: number
  readonly server: Server
  /** Where it passes them to: known only when its own address is. */
  target: number
}

export async function openProxy({ strip = '', keepHost = false, say = () => ({}) }: ProxyOptions): Promise<Proxy> {
  const server = createServer((incoming, answer) => {
    const host = incoming.headers.host ?? ''
    const path = incoming.url?.startsWith(strip) === true ? incoming.url.slice(strip.length) || '/' : incoming.url
    const headers = { ...incoming.headers, host: keepHost ? host : `127.0.0.1:${proxy.target}`, ...say(host) }
    const onward = request({ host: '127.0.0.1', port: proxy.target, method: incoming.method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    onward.once('error', () => answer.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: Proxy = { port: (server.address() as AddressInfo).port, server, target: 0 }
  return proxy
}
