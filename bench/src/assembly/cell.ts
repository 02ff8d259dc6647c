/** Where the bytes end up. */
export type UpstreamKind = 'fs' | 's3' | 'gcs'

/** Where that is, for the process that is measured. */
export type UpstreamAddress =
  | { readonly kind: 'fs' }
  | {
      readonly kind: 's3'
      readonly endpoint: string
      readonly region: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly bucket: string
    }
  | { readonly kind: 'gcs'; readonly endpoint: string; readonly bucket: string }

/** How an object of many parts comes to be. */
export type WayName =
  /** Stowage, as it is: Complete commits a manifest. */
  | 'stowage'
  /** The same, and its blobs are joined behind Complete. */
  | 'stowage, joined'
  /** The vendor's client, without us. */
  | 'direct'
  /** Parts are blobs, and Complete reads them all and writes one. */
  | 'concatenate'
  /** Parts lie in a file beside us, and Complete sends it. */
  | 're-upload'

/** One measurement: one object by one way, in a process of its own. */
export interface Cell {
  readonly way: WayName
  readonly upstream: UpstreamAddress
  readonly size: number
  readonly partSize: number
  readonly concurrency: number
  /** For this cell alone: metadata, files, staged bytes. */
  readonly directory: string
  /** Of all that this cell writes upstream; segments of names, no slash at the end. */
  readonly prefix: string
}

/** Requests to the service, by what they were made for. */
export interface RequestCounts {
  readonly parts: number
  readonly complete: number
  readonly get: number
  /** Between Complete and the end of the joins behind it. */
  readonly join: number
}

/** What was seen. */
export interface CellResult {
  readonly partsSeconds: number
  readonly completeSeconds: number
  /** From Complete to the end of the joins behind it; null where nothing is joined. */
  readonly joinSeconds: number | null
  readonly getSeconds: number
  readonly firstByteSeconds: number
  /** Peak of the process, in MiB: of parts and Complete, and of the read. */
  readonly uploadRssMib: number
  readonly getRssMib: number
  readonly requests: RequestCounts
}

/** What the process that is measured understands. */
export type AssemblyCommands = {
  /** Makes the bucket. */
  readonly prepare: { readonly input: UpstreamAddress; readonly output: void }
  readonly measure: { readonly input: Cell; readonly output: CellResult }
  /** Removes what a cell has written upstream. */
  readonly clear: { readonly input: Cell; readonly output: void }
  /** What parts cost that are sent straight into an upload of the vendor. */
  readonly straight: { readonly input: StraightRun; readonly output: StraightResult }
}

/** Where parts are sent straight into an upload upstream, and where that keeps its files, to see what lies there. */
export interface StraightRun {
  readonly upstream: UpstreamAddress
  readonly dataDirectory: string
  readonly prefix: string
  readonly parts: number
  readonly partSize: number
}

/** What became of them. Sizes are bytes more than before in the files of the server. */
export interface StraightResult {
  /** Bytes of the object. */
  readonly objectBytes: number
  /** After each part was sent twice. */
  readonly resentBytes: number
  /** After Complete of that. */
  readonly completedBytes: number
  /** Of an upload that nobody completes. */
  readonly abandonedBytes: number
  /** How many unfinished uploads a listing of the prefix shows then: one is there. */
  readonly abandonedListed: number
  /** What Complete says to a part of 5 MiB less one byte that is not the last. */
  readonly oddSize: string
}

/** The numbers of parts, and how long each is. */
export function partLengths(size: number, partSize: number): readonly number[] {
  const count = Math.ceil(size / partSize)
  return Array.from({ length: count }, (_, index) => Math.min(partSize, size - index * partSize))
}
