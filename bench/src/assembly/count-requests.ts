import { subscribe } from 'node:diagnostics_channel'

/** Counts requests that leave this process, whichever client makes them. */
export function countRequests(): () => number {
  let count = 0
  const onRequest = (): void => {
    count += 1
  }
  subscribe('http.client.request.start', onRequest)
  subscribe('undici:request:create', onRequest)
  return () => count
}
