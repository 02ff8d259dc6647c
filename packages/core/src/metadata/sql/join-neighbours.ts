import { combineCrcs } from '../../checksums/combine-crc.ts'
import type { StoredExtent } from './extent-codec.ts'

type StoredBlobExtent = Extract<StoredExtent, { readonly kind: 'blob' }>

/**
 * Extents that lie behind one another in one blob, made one: a joined blob is read by one call. Their CRC-32C follows from
 * those of the pieces. Encrypted ones, and those without a CRC-32C, stay as they are.
 */
export function joinNeighbours(extents: readonly StoredExtent[]): StoredExtent[] {
  const joined: StoredExtent[] = []
  let run: StoredBlobExtent[] = []
  const end = (): void => {
    const one = joinRun(run)
    if (one !== null) joined.push(one)
    run = []
  }
  for (const extent of extents) {
    const last = run.at(-1)
    if (last !== undefined && !goesOn(last, extent)) end()
    if (extent.kind === 'blob') run.push(extent)
    else joined.push(extent)
  }
  end()
  return joined
}

function goesOn(last: StoredBlobExtent, next: StoredExtent): boolean {
  return (
    next.kind === 'blob' &&
    next.backendId === last.backendId &&
    next.blob === last.blob &&
    next.storedOffset === last.storedOffset + last.storedLength &&
    isPlain(last) &&
    isPlain(next)
  )
}

function isPlain({ envelope, crc32c, length, storedLength }: StoredBlobExtent): boolean {
  return envelope === null && crc32c !== null && length === storedLength
}

function joinRun(run: readonly StoredBlobExtent[]): StoredBlobExtent | null {
  const [first] = run
  if (first === undefined || run.length === 1) return first ?? null
  const length = run.reduce((sum, extent) => sum + extent.length, 0)
  const pieces = run.map((extent) => ({ digest: digestOf(extent.crc32c ?? 0), length: extent.length }))
  return { ...first, length, storedLength: length, crc32c: combineCrcs('CRC32C', pieces).readUInt32BE() }
}

function digestOf(crc32c: number): Buffer {
  const digest = Buffer.allocUnsafe(4)
  digest.writeUInt32BE(crc32c)
  return digest
}
