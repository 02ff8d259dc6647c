import { mkdir } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { drive } from '../load/drive.ts'
import { pattern } from '../load/pattern.ts'
import { answerCommands } from '../processes/channel.ts'
import { residentMemory, resetPeakMemory } from '../processes/process-usage.ts'
import { partLengths } from './cell.ts'
import type { AssemblyCommands, Cell, CellResult } from './cell.ts'
import { countRequests } from './count-requests.ts'
import { upstreamAt } from './upstreams/upstream-at.ts'
import type { Way } from './ways/way.ts'

/** Joins whatever may be joined: the cell is there to see what it costs. */
const JOINS = { extentsMin: 2 }
const WARM_UP_PARTS = 2
const SECONDS_MAX = 300

const requestsSoFar = countRequests()

/** What a way does not need is not loaded: it would be in its memory. */
async function wayOf(cell: Cell): Promise<Way> {
  const upstream = await upstreamAt(cell.upstream)
  if (cell.way === 'direct') return upstream.direct(cell)
  const backend = upstream.backend(cell)
  if (cell.way === 'stowage' || cell.way === 'stowage, joined') {
    const { StowageWay } = await import('./ways/stowage-way.ts')
    return new StowageWay(backend, cell.directory, cell.way === 'stowage' ? 'never' : JOINS)
  }
  const { ConcatenatingWay, ReuploadingWay } = await import('./ways/naive-ways.ts')
  return cell.way === 'concatenate' ? new ConcatenatingWay(backend) : new ReuploadingWay(backend, cell)
}

/** First a small object by the same way, so that code is compiled and connections are open, as in a server that runs. */
async function measure(cell: Cell): Promise<CellResult> {
  const bytes = pattern(cell.partSize)
  const warmUp = { ...cell, directory: `${cell.directory}/warm-up`, prefix: `${cell.prefix}/warm-up`, size: WARM_UP_PARTS * cell.partSize }
  await mkdir(warmUp.directory, { recursive: true })
  await measureOne(warmUp, bytes)
  globalThis.gc?.()
  return measureOne(cell, bytes)
}

async function measureOne(cell: Cell, bytes: Buffer): Promise<CellResult> {
  const way = await wayOf(cell)
  try {
    resetPeakMemory(process.pid)
    await way.start()
    const atStart = requestsSoFar()
    const partsSeconds = await sendParts(way, cell, bytes)
    const atComplete = requestsSoFar()
    const [, completeSeconds] = await timed(() => way.complete())
    const completed = requestsSoFar()
    const uploadRssMib = residentMemory(process.pid).peak
    const [, joinSeconds] = await timed(async () => way.settle?.())
    const atGet = requestsSoFar()
    resetPeakMemory(process.pid)
    const begun = performance.now()
    const { size, firstByteAt } = await readAll(await way.read())
    const getSeconds = (performance.now() - begun) / 1000
    if (size !== cell.size) throw new Error(`get: ${size} bytes instead of ${cell.size}`)
    return {
      partsSeconds,
      completeSeconds,
      joinSeconds: atGet > completed ? joinSeconds : null,
      getSeconds,
      firstByteSeconds: (firstByteAt - begun) / 1000,
      uploadRssMib,
      getRssMib: residentMemory(process.pid).peak,
      requests: { parts: atComplete - atStart, complete: completed - atComplete, join: atGet - completed, get: requestsSoFar() - atGet },
    }
  } finally {
    await way.close()
  }
}

async function sendParts(way: Way, { size, partSize, concurrency }: Cell, bytes: Buffer): Promise<number> {
  const lengths = partLengths(size, partSize)
  const { seconds, operations } = await drive({
    count: lengths.length,
    concurrency: Math.min(concurrency, way.concurrencyMax),
    secondsMax: SECONDS_MAX,
    step: async (index) => {
      const length = lengths[index] ?? 0
      await way.part(index, bytes.subarray(0, length))
      return length
    },
  })
  if (operations !== lengths.length) throw new Error(`only ${operations} of ${lengths.length} parts were sent in ${SECONDS_MAX} s`)
  return seconds
}

async function timed<T>(run: () => Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now()
  const value = await run()
  return [value, (performance.now() - begun) / 1000]
}

async function readAll(stream: Readable): Promise<{ readonly size: number; readonly firstByteAt: number }> {
  let size = 0
  let firstByteAt = NaN
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Uint8Array) => {
      if (size === 0) firstByteAt = performance.now()
      size += chunk.length
      // As doors do; what lends its chunks is known by this method.
      if ('releaseChunk' in stream && typeof stream.releaseChunk === 'function') stream.releaseChunk(chunk)
    })
    stream.once('end', resolve)
    stream.once('error', reject)
  })
  return { size, firstByteAt }
}

answerCommands<AssemblyCommands>({
  prepare: async (address) => (await upstreamAt(address)).prepare(),
  measure,
  clear: async (cell) => (await upstreamAt(cell.upstream)).clear(cell),
  straight: async (run) => (await import('./straight-parts.ts')).straightParts(run),
})
