/**
 * Whether a blob is named as an engine with this prefix names its own: the prefix, and one segment. What lies deeper belongs
 * to a namespace with a longer prefix, on the same backend; the empty prefix begins every other one.
 */
export function isOwnBlob(blobPrefix: string, key: string): boolean {
  return key.startsWith(blobPrefix) && !key.includes('/', blobPrefix.length)
}
