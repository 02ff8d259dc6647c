import type { FsckDetails, FsckFinding, FsckKind, Holder } from '@stowage/core'

type Sentences = { readonly [K in FsckKind]: (details: FsckDetails[K]) => string }

const SENTENCES: Sentences = {
  'blob-missing': ({ blob, holder }) => `${nameOf(holder)} cannot be read: its blob ${blob} is gone`,
  'blob-too-short': ({ blob, holder, size, needed }) => `${nameOf(holder)} cannot be read: its blob ${blob} has ${size} of ${needed} bytes`,
  'blob-unreadable': ({ blob, holder, reason }) => `${nameOf(holder)} cannot be read: its blob ${blob} gave an error: ${reason}`,
  'bytes-damaged': ({ blob, holder }) =>
    `${nameOf(holder)} has other bytes than it was given${blob === null ? '' : ` (blob ${blob.blob})`}`,
  'backend-unknown': ({ backendId }) => `extents name the backend ${backendId}, which is not here`,
  'size-wrong': ({ holder, size, extents }) => `${nameOf(holder)} says ${size} bytes and has ${extents}`,
  'inline-missing': ({ holder, length }) => `${nameOf(holder)} cannot be read: ${length} bytes of it are not in the database`,
  'inline-stray': ({ inlineId }) => `bytes in the database that no object names (${inlineId})`,
  'reference-missing': ({ blob, holder }) => `the blob ${blob} of ${nameOf(holder)} is not counted: it could be deleted`,
  'reference-stray': ({ blob, manifestId }) =>
    `the blob ${blob} is counted for something that is not there (${manifestId}): it is never deleted`,
  'garbage-referenced': ({ blob }) => `the blob ${blob} is in use and listed as garbage: it will be deleted`,
  'blob-orphan': ({ blob, size }) => `the blob ${blob} (${size} bytes) is known to no row`,
  'rows-contradict': ({ reason }) => reason,
  'database-damaged': ({ reason }) => `the database says: ${reason}`,
  'bytes-unverified': ({ extents }) => `${extents} extents have no checksum of their own, because they were cut out of a blob`,
}

/** What a finding means, in a sentence. */
export function findingSentence(finding: FsckFinding): string {
  // Kind and details belong together by the type of the finding; a look-up by kind cannot say so.
  const sentence = SENTENCES[finding.kind] as (details: FsckFinding['details']) => string
  return sentence(finding.details)
}

function nameOf({ kind, key, versionId, partNumber }: Holder): string {
  const name = JSON.stringify(key)
  if (kind === 'part') return `part ${partNumber} of the upload to ${name}`
  return versionId === null || versionId === 'null' ? `the object ${name}` : `the version ${versionId} of ${name}`
}
