/** What a resource of a session policy stands for. */
export interface ResourcePlace {
  readonly kind: 'bucket' | 'object' | 'everything'
  /** Null for every one. */
  readonly bucket: string | null
  /** Of objects: the beginning of their keys, `''` for all; null where one key is named. */
  readonly prefix: string | null
  /** Of one object: its key. */
  readonly object: string | null
}

const ARN = /^arn:aws:s3:::([^/]+)(?:\/([\s\S]+))?$/

/**
 * Reads a resource: `*`, `arn:aws:s3:::bucket`, `arn:aws:s3:::bucket/key` or `arn:aws:s3:::bucket/prefix*`, with `*` for the bucket.
 * Throws a `TypeError` for anything else, variables and other wildcards among it.
 */
export function readResource(resource: string): ResourcePlace {
  // By itself the star also stands for a slash.
  if (resource === '*' || resource === 'arn:aws:s3:::*') return { kind: 'everything', bucket: null, prefix: '', object: null }
  const [, name, key] = ARN.exec(resource) ?? []
  if (name === undefined || resource.includes('${')) throw notSupported(resource)
  if (name !== '*' && /[*?]/.test(name)) throw notSupported(resource)
  const bucket = name === '*' ? null : name
  if (key === undefined) return { kind: 'bucket', bucket, prefix: null, object: null }
  const prefix = key.endsWith('*') ? key.slice(0, -1) : null
  if (/[*?]/.test(prefix ?? key)) throw notSupported(resource)
  // The star for the bucket stands for a slash, too: with a key behind it, it may be any folder of any bucket.
  if (bucket === null && key !== '*') throw notSupported(resource)
  return { kind: 'object', bucket, prefix, object: prefix === null ? key : null }
}

function notSupported(resource: string): TypeError {
  return new TypeError(`the resource ${JSON.stringify(resource)} is not supported in a session policy`)
}
