import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { assert } from '../../util/assert.ts'
import { WriterTurns } from './writer-turns.ts'
import type { WriterRequest } from './writer-wire.ts'

/* The writer's thread: nothing imports this file, a worker is started with it. */

const port = parentPort
assert(port !== null, 'sqlite-writer-worker runs in a worker thread only')

const turns = new WriterTurns({
  // What is sent here was written by `WriterThread`.
  next: () => (receiveMessageOnPort(port)?.message as WriterRequest | undefined) ?? null,
  reply: (message) => port.postMessage(message),
  end: () => port.close(),
})
port.on('message', (request: WriterRequest) => turns.serve(request))
