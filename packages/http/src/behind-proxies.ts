import { BlockList, isIP } from 'node:net'
import { listHeader } from './headers.ts'
import type { HttpHandler, HttpHeader, HttpRequest } from './message.ts'
import { readMount } from './mount.ts'

/** What a proxy says of the request that it passed on; null where it said nothing. */
interface Forwarded {
  readonly host: string | null
  readonly scheme: string | null
  readonly prefix: string | null
  readonly client: string | null
}

/**
 * Gives a handler the request as the client sent it, where a proxy that we trust says what it has changed: Host, scheme, a path
 * prefix that it took off, and the client's address (`X-Forwarded-Host`, `-Port`, `-Proto`, `-Prefix`, `-For`; `Forwarded`, RFC 7239).
 *
 * `proxies` are addresses and networks (`10.0.0.0/8`, `::1`). From anybody else these headers mean nothing. Of a list, what the last
 * proxy wrote counts; the client is the last address that is no trusted proxy. Throws a `TypeError` for what is no address.
 */
export function behindProxies(handler: HttpHandler, proxies: readonly string[]): HttpHandler {
  if (proxies.length === 0) return handler
  const trusted = blockList(proxies)
  const isTrusted = (address: string): boolean => {
    const version = isIP(address)
    return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
  return (request) => {
    const { address } = request.peer
    return handler(address !== null && isTrusted(plain(address)) ? asSent(request, readForwarded(request.headers, isTrusted)) : request)
  }
}

function blockList(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits, ...rest] = proxy.split('/')
    const version = isIP(address)
    const bitsMax = version === 6 ? 128 : 32
    const size = bits === undefined ? bitsMax : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN
    if (version === 0 || rest.length > 0 || !(size <= bitsMax)) {
      throw new TypeError(`'${proxy}' is no address of a proxy: it is like 10.0.0.7, 10.0.0.0/8 or ::1.`)
    }
    list.addSubnet(address, size, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** An IPv4 address that came in over an IPv6 socket is one all the same. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, '')
}

function asSent(request: HttpRequest, { host, scheme, prefix, client }: Forwarded): HttpRequest {
  const { peer } = request
  return {
    method: request.method,
    target: prefix === null ? request.target : `${prefix}${request.target}`,
    mount: prefix === null ? request.mount : `${prefix}${request.mount}`,
    headers: host === null ? request.headers : withHost(request.headers, host),
    body: request.body,
    peer: {
      address: client ?? peer.address,
      encrypted: scheme === null ? peer.encrypted : scheme.toLowerCase() === 'https',
    },
    acceptBody: request.acceptBody,
    // A getter: a signal is made only where somebody asks for it.
    get signal() {
      return request.signal
    },
  }
}

function withHost(headers: readonly HttpHeader[], host: string): readonly HttpHeader[] {
  return [['host', host], ...headers.filter(([name]) => name !== 'host')]
}

function readForwarded(headers: readonly HttpHeader[], isTrusted: (address: string) => boolean): Forwarded {
  const standard = listHeader(headers, 'forwarded').map(readElement)
  const last = standard.at(-1)
  const port = lastOf(headers, 'x-forwarded-port')
  const scheme = last?.get('proto') ?? lastOf(headers, 'x-forwarded-proto')
  const hops =
    standard.length > 0
      ? standard.map((element) => addressOf(element.get('for') ?? ''))
      : listHeader(headers, 'x-forwarded-for').map(addressOf)
  return {
    host: last?.get('host') ?? withPort(lastOf(headers, 'x-forwarded-host'), port, scheme),
    scheme,
    prefix: readPrefix(lastOf(headers, 'x-forwarded-prefix')),
    // `unknown` and made-up names (RFC 7239 §6) are no address.
    client: hops.filter((hop) => isIP(hop) !== 0).findLast((hop) => !isTrusted(hop)) ?? null,
  }
}

/** A prefix that is no path is the proxy's fault, and means nothing. */
function readPrefix(text: string | null): string | null {
  try {
    return text === null ? null : readMount(text)
  } catch {
    return null
  }
}

/** Clients leave the usual port of a scheme out. */
function withPort(host: string | null, port: string | null, scheme: string | null): string | null {
  const isUsual = port === null || !/^[0-9]{1,5}$/.test(port) || port === (scheme === 'https' ? '443' : '80')
  return host === null || isUsual || /:[0-9]+$/.test(host) ? host : `${host}:${port}`
}

function lastOf(headers: readonly HttpHeader[], name: string): string | null {
  return listHeader(headers, name).at(-1) ?? null
}

/** The pairs of one element of `Forwarded`. */
function readElement(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const [, name = '', quoted, bare] of text.matchAll(/([A-Za-z]+)=(?:"([^"]*)"|([^;\s]*))/g))
    pairs.set(name.toLowerCase(), quoted ?? bare ?? '')
  return pairs
}

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1`. */
function addressOf(text: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(text)?.[1]
  if (bracketed !== undefined) return bracketed
  return plain(isIP(text) === 0 ? text.replace(/:[0-9]+$/, '') : text)
}
