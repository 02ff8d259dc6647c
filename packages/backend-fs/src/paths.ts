import { parseBlobKey } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'

/**
 * Where a blob lies, relative to `<directory>/blobs`.
 *
 *     x7k2…            x/x7k2…
 *     tenant/x7k2…     t/tenant.d/x/x7k2…
 *
 * Each segment of a key goes into a directory named after its first character; a segment that has others below it is a
 * directory ending in `.d`, which no segment can, so that `a` and `a/b` are both possible. The directories sort as the
 * keys do: a walk in byte order holds one directory in memory a level, never the store. The longest key makes a path
 * of 600 characters and names of 202.
 */
export interface BlobPath {
  /** The directory that holds the file. */
  readonly directory: string
  /** The file itself. */
  readonly file: string
}

/** The characters that a segment of a key may begin with, in byte order: the names of the fan-out directories. */
export const FAN_OUT: readonly string[] = Array.from('-0123456789_abcdefghijklmnopqrstuvwxyz')

const NAMESPACE_SUFFIX = '.d'

/** Where the blob of this key lies. */
export function blobPath(key: BlobKey): BlobPath {
  const segments = key.split('/')
  const last = segments.pop() ?? ''
  let directory = ''
  for (const segment of segments) directory += `${segment.charAt(0)}/${segment}${NAMESPACE_SUFFIX}/`
  directory += last.charAt(0)
  return { directory, file: `${directory}/${last}` }
}

/** What a name in a fan-out directory stands for. */
export type FanOutEntry =
  | { readonly kind: 'blob'; readonly key: BlobKey }
  /** `keyPrefix` ends with a slash. */
  | { readonly kind: 'namespace'; readonly keyPrefix: string; readonly name: string }

/** Reads a name found in a fan-out directory under a key prefix; null for a file that is not ours. */
export function readEntry(keyPrefix: string, fan: string, name: string): FanOutEntry | null {
  const isNamespace = name.endsWith(NAMESPACE_SUFFIX)
  const segment = isNamespace ? name.slice(0, -NAMESPACE_SUFFIX.length) : name
  if (!segment.startsWith(fan) || segment.includes('/')) return null
  try {
    const key = parseBlobKey(keyPrefix + segment)
    return isNamespace ? { kind: 'namespace', keyPrefix: `${key}/`, name } : { kind: 'blob', key }
  } catch {
    // Somebody else's file: not a blob, and nothing the collector may touch.
    return null
  }
}
