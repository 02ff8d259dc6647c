import type { HttpHandler } from '@stowage/http'
import type { Logger } from 'pino'

/**
 * Writes a line about each request: method, path, status, id, address of the peer, and milliseconds until the answer began.
 * Without the query, where presigned URLs have their signatures and tokens, and without any header. Costs nothing below
 * the level `info`.
 */
export function withRequestLog(handler: HttpHandler, log: Logger): HttpHandler {
  if (!log.isLevelEnabled('info')) return handler
  return async (request) => {
    const began = performance.now()
    const response = await handler(request)
    const ms = Math.round((performance.now() - began) * 10) / 10
    const requestId = response.headers.find(([name]) => name === 'x-amz-request-id')?.[1]
    const { method, target, peer } = request
    log.info({ method, path: target.split('?', 1)[0], status: response.status, requestId, peer: peer.address, ms }, 'request')
    return response
  }
}
