import { assert } from '../../util/assert.ts'
import { encodeFault } from './fault-wire.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { WriterCommand } from './sqlite-writer.ts'
import type { AnswerWire, WriterReply, WriterRequest } from './writer-wire.ts'

/** So many commands share a transaction at the most: an answer must not wait for a crowd. */
const GROUP_MAX = 512
/** And so many where other files wait for this thread: they take about as long as the fsync behind them. */
const GROUP_MAX_SHARED = 64
const IDLE_MS = 500

/** A file that this thread writes. */
interface OpenFile {
  readonly number: number
  readonly writer: SqliteWriter
  /** What waits, in its order. */
  ids: number[]
  commands: WriterCommand[]
  idle: NodeJS.Timeout | undefined
}

/** The way between the two threads, as a turn sees it. */
export interface WriterPort {
  /** What has come and nobody has looked at; null for nothing. */
  next(): WriterRequest | null
  reply(message: WriterReply): void
  /** Nothing comes any more. */
  end(): void
}

/**
 * What a writer thread does: files take turns, each a group of its commands in a transaction of its own. A file that is flooded has as
 * many turns as one with a single command, and shorter ones where others wait.
 */
export class WriterTurns {
  readonly #port: WriterPort
  readonly #files = new Map<number, OpenFile>()
  /** Files with something to do, in the order of their turns. */
  readonly #waiting = new Set<OpenFile>()

  constructor(port: WriterPort) {
    this.#port = port
  }

  /** Takes a message, and then works until there is nothing left to do. */
  serve(first: WriterRequest): void {
    this.#take(first)
    this.#takeAll()
    for (;;) {
      const [file] = this.#waiting
      if (file === undefined) return
      this.#turn(file)
      this.#takeAll()
    }
  }

  #takeAll(): void {
    for (let request = this.#port.next(); request !== null; request = this.#port.next()) this.#take(request)
  }

  #take(request: WriterRequest): void {
    switch (request.kind) {
      case 'open':
        return this.#open(request)
      case 'run': {
        const file = this.#fileOf(request.file)
        file.ids.push(...request.ids)
        file.commands.push(...request.commands)
        this.#waiting.add(file)
        return
      }
      case 'close': {
        // Whoever closes has waited for every answer.
        const file = this.#fileOf(request.file)
        clearTimeout(file.idle)
        this.#files.delete(file.number)
        file.writer.close()
        return this.#port.reply({ kind: 'closed', file: file.number })
      }
      case 'end':
        return this.#port.end()
    }
  }

  #fileOf(number: number): OpenFile {
    const file = this.#files.get(number)
    assert(file !== undefined, `no file has the number ${number}`)
    return file
  }

  #open({ file: number, settings, now }: Extract<WriterRequest, { kind: 'open' }>): void {
    let writer: SqliteWriter | null = null
    try {
      writer = new SqliteWriter(settings)
      writer.migrate(now)
      this.#files.set(number, { number, writer, ids: [], commands: [], idle: undefined })
      this.#port.reply({ kind: 'opened', file: number })
    } catch (error) {
      writer?.close()
      this.#port.reply({ kind: 'failed', file: number, fault: encodeFault(error instanceof Error ? error : new Error(String(error))) })
    }
  }

  #turn(file: OpenFile): void {
    clearTimeout(file.idle)
    // Behind all others: a file's turns come one after the other only where nobody else waits.
    this.#waiting.delete(file)
    const count = this.#waiting.size === 0 ? GROUP_MAX : GROUP_MAX_SHARED
    const ids = file.ids.splice(0, count)
    const commands = file.commands.splice(0, count)
    if (file.ids.length > 0) this.#waiting.add(file)
    this.#port.reply({ kind: 'answers', ids, answers: answersOf(file.writer, commands) })
    file.idle = setTimeout(() => file.writer.checkpoint(), IDLE_MS).unref()
  }
}

function answersOf(writer: SqliteWriter, commands: readonly WriterCommand[]): AnswerWire[] {
  return writer.run(commands).map((answer) => ('error' in answer ? { fault: encodeFault(answer.error) } : answer))
}
