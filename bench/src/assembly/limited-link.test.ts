import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openLimitedLink } from './limited-link.ts'

test('what goes over it arrives, and no sooner than the link is wide', async () => {
  const server = createServer((request, response) => void buffer(request).then((body) => response.end(body)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const link = await openLimitedLink(`http://127.0.0.1:${port}`, 80)
  try {
    const body = Buffer.alloc(500_000, 'abc')
    const begun = performance.now()
    const answers = await Promise.all([1, 2].map(() => fetch(link.endpoint, { method: 'POST', body })))
    for (const answer of answers) expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
    // A lower bound: 1 MB at 10 MB/s, less what may be sent at once.
    expect(performance.now() - begun).toBeGreaterThan(90)
  } finally {
    await link.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await expect(fetch(link.endpoint)).rejects.toThrow('fetch failed')
})
