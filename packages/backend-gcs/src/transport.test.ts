import { crc32c, parseBlobKey } from '@stowage/core/backend'
import { afterEach, describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import type { Reply, Script } from '../test/support/scripted-server.ts'
import { formatCrc32c } from './object-facts.ts'
import type { GcsBackendOptions } from './options.ts'

const key = parseBlobKey('x1')
const BYTES = Buffer.alloc(400, 'bytes')

let opened: Opened | null = null
afterEach(async () => {
  await opened?.stop()
  opened = null
})

async function open(script: Script, options: Partial<GcsBackendOptions> = {}): Promise<Opened> {
  opened = await openOn(script, options)
  return opened
}

/** A blob of 400 bytes. */
function blob(ending?: Reply['ending'] & string): Reply {
  const headers = { 'content-length': '400', 'x-goog-generation': '7', 'x-goog-hash': `crc32c=${formatCrc32c(crc32c(BYTES))}` }
  return { headers, body: BYTES, ...(ending === undefined ? {} : { ending }) }
}

async function readWhole(one: Opened): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await one.backend.get(key, {})) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('connections', () => {
  test('nobody waits for one for ever, and who did in vain has sent nothing', async () => {
    const one = await open([blob('drip'), {}], { connectionsMax: 1, idleTimeoutSeconds: 0.4 })
    const reading = readWhole(one)
    while (one.received().length === 0) await new Promise(setImmediate)
    const error: unknown = await one.backend.delete([key]).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'BackendUnavailable', retryable: true, message: /connectionsMax/ })
    expect(await reading).toEqual(BYTES)
    expect(one.received()).toHaveLength(1)
    await one.backend.delete([key])
    expect(one.received().map(({ method }) => method)).toEqual(['GET', 'DELETE'])
  })
})
