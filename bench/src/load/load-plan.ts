/** Keys that can be counted through: `prefix` + folder + number. */
export interface KeySpace {
  readonly bucket: string
  readonly prefix: string
  /** Keys are dealt out over so many folders; 0 for none. */
  readonly folders?: number
}

interface Counted {
  /** How many different requests there are. */
  readonly distinct: number
  /** How many are sent, over and over where that is more than `distinct`. */
  readonly count: number
}

/** What is asked, again and again. */
export type LoadPlan =
  | (Counted & { readonly kind: 'put'; readonly keys: KeySpace; readonly size: number })
  | (Counted & { readonly kind: 'get'; readonly keys: KeySpace; readonly size: number })
  | (Counted & { readonly kind: 'head' | 'delete'; readonly keys: KeySpace })
  | (Counted & {
      readonly kind: 'list'
      readonly bucket: string
      readonly delimiter?: string
      readonly startAfter?: string
      readonly entries: number
    })

/** A plan and how hard it is pursued. */
export interface LoadRun {
  readonly plan: LoadPlan
  /** Requests in flight; over S3 each on a connection of its own. */
  readonly concurrency: number
  /** No request is begun after this, in seconds. */
  readonly secondsMax: number
}

/** An upload in parts, completed and read once. */
export interface MultipartRun {
  readonly bucket: string
  readonly key: string
  readonly parts: number
  readonly partSize: number
  readonly concurrency: number
  /** Asks for the length only, where reading it all takes long; then there is no first GET. */
  readonly headOnly?: boolean
}

/** Where S3 requests go. */
export interface S3Target {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** What a run came to. Latencies in milliseconds. */
export interface LoadResult {
  readonly operations: number
  readonly seconds: number
  readonly bytes: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  /** CPU seconds of the process that asked. */
  readonly clientCpuSeconds: number
}

/** What an upload in parts came to, in milliseconds. */
export interface MultipartResult {
  readonly partsMilliseconds: number
  readonly completeMilliseconds: number
  /** Of the HEAD, where the length was all that was asked for. */
  readonly firstGetMilliseconds: number
}

/** The key with this number. */
export function keyOf({ prefix, folders = 0 }: KeySpace, index: number): string {
  const folder = folders === 0 ? '' : `d${String(index % folders).padStart(4, '0')}/`
  return `${prefix}${folder}o${String(index).padStart(8, '0')}`
}

/** Which of the distinct requests is the n-th: puts and deletes in order, reads all over the place. */
export function turnOf({ kind, distinct }: LoadPlan, n: number): number {
  return kind === 'put' || kind === 'delete' ? n % distinct : (n * 7919) % distinct
}
