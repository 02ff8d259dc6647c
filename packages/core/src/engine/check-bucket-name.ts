import { StorageError } from '../errors/storage-error.ts'
import type { BucketAddress } from '../model/bucket.ts'

interface Rule {
  readonly holds: (name: string) => boolean
  readonly reason: string
}

const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-']
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** AWS, "General purpose bucket naming rules"; `.-` and `-.` are refused too, as no DNS label may begin or end with a hyphen. */
const RULES: readonly Rule[] = [
  { holds: (name) => name.length >= 3 && name.length <= 63, reason: 'has 3 to 63 characters' },
  { holds: (name) => /^[a-z0-9.-]+$/.test(name), reason: 'has only lower-case letters, digits, dots and hyphens' },
  { holds: (name) => /^[a-z0-9].*[a-z0-9]$/.test(name), reason: 'begins and ends with a letter or a digit' },
  { holds: (name) => !/\.\.|\.-|-\./.test(name), reason: 'has no dot beside another dot or a hyphen' },
  { holds: (name) => !/^\d+\.\d+\.\d+\.\d+$/.test(name), reason: 'does not look like an IP address' },
  {
    holds: (name) => !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)),
    reason: `does not begin with ${RESERVED_PREFIXES.join(', ')}`,
  },
  {
    holds: (name) => !RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix)),
    reason: `does not end with ${RESERVED_SUFFIXES.join(', ')}`,
  },
]

/** Throws `InvalidBucketName` for what no new bucket may be called, `InvalidArgument` for a jurisdiction that is none. */
export function checkBucketName({ jurisdiction, name }: BucketAddress): void {
  const broken = RULES.find((rule) => !rule.holds(name))
  if (broken !== undefined) throw new StorageError('InvalidBucketName', { bucket: name, reason: `a bucket's name ${broken.reason}` })
  if (jurisdiction !== undefined && !/^[a-z0-9-]{1,63}$/.test(jurisdiction)) {
    throw new StorageError('InvalidArgument', { argument: 'jurisdiction', reason: 'is 1 to 63 of [a-z0-9-]' })
  }
}
