import { createHash } from 'node:crypto'
import { StorageError } from '@stowage/core'
import { MASTER_KEY_BYTES } from './key-provider.ts'
import type { MasterKey } from './key-provider.ts'

const ID_BYTES = 8

/** A master key with an id that follows from its bytes, and tells nothing of them. Throws `InvalidArgument` unless it has 32. */
export function masterKeyOf(bytes: Uint8Array): MasterKey {
  if (bytes.byteLength !== MASTER_KEY_BYTES) {
    throw new StorageError('InvalidArgument', { argument: 'master key', reason: `has ${MASTER_KEY_BYTES} bytes` })
  }
  const own = Uint8Array.from(bytes)
  const id = createHash('sha256').update('stowage master key\0').update(own).digest().subarray(0, ID_BYTES).toString('hex')
  return { id, bytes: own }
}
