import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from '../../util/assert.ts'
import { encodeFault } from './fault-wire.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { WriterCommand } from './sqlite-writer.ts'
import type { AnswerWire, WriterReply, WriterRequest, WriterStart } from './writer-wire.ts'

/* The writer's thread: nothing imports this file, a worker is started with it. */

/** So many commands share a transaction at the most: an answer must not wait for a crowd. */
const GROUP_MAX = 512
const IDLE_MS = 500

const port = parentPort
assert(port !== null, 'sqlite-writer-worker runs in a worker thread only')

const reply = (message: WriterReply): void => port.postMessage(message)

/** Runs what has come, and what has come meanwhile, in one transaction each time. */
function serve(writer: SqliteWriter, first: WriterRequest): void {
  let request: WriterRequest | null = first
  while (request !== null) {
    const ids: number[] = []
    const commands: WriterCommand[] = []
    while (request?.kind === 'run') {
      ids.push(...request.ids)
      commands.push(...request.commands)
      request = ids.length < GROUP_MAX ? nextRequest() : null
    }
    if (commands.length > 0) reply({ kind: 'answers', ids, answers: answersOf(writer, commands) })
    if (request?.kind === 'close') {
      writer.close()
      port?.close()
      return
    }
    request ??= nextRequest()
  }
}

function nextRequest(): WriterRequest | null {
  return port === null ? null : ((receiveMessageOnPort(port)?.message as WriterRequest | undefined) ?? null)
}

function answersOf(writer: SqliteWriter, commands: readonly WriterCommand[]): AnswerWire[] {
  return writer.run(commands).map((answer) => ('error' in answer ? { fault: encodeFault(answer.error) } : answer))
}

function start({ now, ...settings }: WriterStart): void {
  let writer: SqliteWriter | null = null
  try {
    writer = new SqliteWriter(settings)
    writer.migrate(now)
  } catch (error) {
    writer?.close()
    reply({ kind: 'failed', fault: encodeFault(error instanceof Error ? error : new Error(String(error))) })
    port?.close()
    return
  }
  const open = writer
  let idle: NodeJS.Timeout | undefined
  port?.on('message', (request: WriterRequest) => {
    clearTimeout(idle)
    serve(open, request)
    if (request.kind === 'run') idle = setTimeout(() => open.checkpoint(), IDLE_MS).unref()
  })
  reply({ kind: 'ready' })
}

start(workerData as WriterStart)
