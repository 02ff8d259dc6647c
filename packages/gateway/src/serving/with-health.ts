import { Buffer } from 'node:buffer'
import type { HttpHandler, HttpRequest, HttpResponse } from '@stowage/http'

/** How a probe is answered. */
export interface HealthOptions {
  /** Whether requests would be served now; a rejection counts as no. */
  readonly isReady: () => Promise<boolean>
}

/**
 * Answers probes before the door sees them: `GET /health` says that the process is there, `GET /ready` that it serves (200), or
 * does not at the moment (503). Only what is unsigned and has no query is a probe: buckets may have these names, too, but
 * then nobody can list them without a key.
 */
export function withHealth(handler: HttpHandler, { isReady }: HealthOptions): HttpHandler {
  return async (request) => {
    if (!isProbe(request)) return handler(request)
    if (request.target === '/health') return answer(200, 'ok')
    const ready = await isReady().catch(() => false)
    return ready ? answer(200, 'ready') : answer(503, 'not ready')
  }
}

function isProbe({ headers, method, target }: HttpRequest): boolean {
  if (target !== '/health' && target !== '/ready') return false
  return (method === 'GET' || method === 'HEAD') && !headers.some(([name]) => name === 'authorization')
}

function answer(status: number, word: string): HttpResponse {
  const body = Buffer.from(`${JSON.stringify({ status: word })}\n`)
  return {
    status,
    headers: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
      ['content-length', String(body.length)],
    ],
    body,
  }
}
