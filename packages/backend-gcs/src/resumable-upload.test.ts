import { parseBlobKey } from '@stowage/core/backend'
import { expect, test } from 'vitest'
import { startServer } from '../test/support/scripted-server.ts'
import { ChunkPieces } from './chunk-pieces.ts'
import { openClient } from './client.ts'
import { parseOptions } from './options.ts'
import { ResumableUpload } from './resumable-upload.ts'
import { Transport } from './transport.ts'

test('what was given up before it began opens no session', async () => {
  const service = await startServer(() => ({ status: 403 }))
  const options = parseOptions({ bucket: 'blobs', apiEndpoint: service.url })
  const client = await openClient(options)
  const transport = new Transport(client, options)
  const store = {
    options,
    client,
    transport,
    closed: transport.closed,
    cleanups: new Set<Promise<void>>(),
    readers: new Set<never>(),
    pieces: new ChunkPieces(0),
  }
  const reason = new Error('enough')
  const upload = new ResumableUpload(store, { key: parseBlobKey('x1'), signal: AbortSignal.abort(reason) })
  await expect(upload.send([new Uint8Array(262_144)])).rejects.toBe(reason)
  upload.cancel()
  await Promise.all(store.cleanups)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(service.received).toEqual([])
  transport.close()
  await service.stop()
})
