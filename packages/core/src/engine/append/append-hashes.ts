import { plainEtag } from '../../checksums/etag.ts'
import { wholeChecksum } from '../../checksums/object-checksum.ts'
import { createResumableChecksum, restoreResumableChecksum } from '../../checksums/resumable-checksum.ts'
import type { ResumableChecksum } from '../../checksums/resumable-checksum.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { ChecksumAlgorithm, ObjectChecksum } from '../../model/object-checksum.ts'

/** Says how the rest of a saved state is laid out: the length of MD5's, MD5's, the checksum's. */
const FORMAT = 1
const HEADER_SIZE = 3

/** The sums over an append upload's bytes, put away with each commit and taken up by the next append. */
export class AppendHashes {
  readonly #md5: ResumableChecksum
  readonly #checksum: ResumableChecksum | null
  readonly #algorithm: ChecksumAlgorithm | null

  private constructor(md5: ResumableChecksum, checksum: ResumableChecksum | null, algorithm: ChecksumAlgorithm | null) {
    this.#md5 = md5
    this.#checksum = checksum
    this.#algorithm = algorithm
  }

  /**
   * Goes on from what `save` gave, or begins where nothing was saved. Throws `NotSupported` for the state of a release
   * that kept it otherwise: such an upload cannot be continued.
   */
  static async open(state: Uint8Array | null, algorithm: ChecksumAlgorithm | null): Promise<AppendHashes> {
    if (state === null) {
      return new AppendHashes(
        await createResumableChecksum('MD5'),
        algorithm === null ? null : await createResumableChecksum(algorithm),
        algorithm,
      )
    }
    const bytes = Buffer.from(state.buffer, state.byteOffset, state.byteLength)
    const end = HEADER_SIZE + (bytes.length < HEADER_SIZE ? 0 : bytes.readUInt16BE(1))
    if (bytes[0] !== FORMAT || bytes.length < end) throw otherRelease()
    const md5 = await restoreResumableChecksum('MD5', bytes.subarray(HEADER_SIZE, end))
    const checksum = algorithm === null ? null : await restoreResumableChecksum(algorithm, bytes.subarray(end))
    if (md5 === null || (algorithm !== null && checksum === null)) throw otherRelease()
    return new AppendHashes(md5, checksum, algorithm)
  }

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes)
    this.#checksum?.update(bytes)
  }

  save(): Uint8Array {
    const md5 = this.#md5.save()
    const header = Buffer.alloc(HEADER_SIZE)
    header[0] = FORMAT
    header.writeUInt16BE(md5.length, 1)
    return Buffer.concat([header, md5, this.#checksum?.save() ?? Buffer.alloc(0)])
  }

  /** What the object's row says of its bytes. Called once, at the end. */
  finish(): { readonly etag: string; readonly checksum: ObjectChecksum | null } {
    const sum = this.#checksum?.digest()
    return {
      etag: plainEtag(this.#md5.digest()),
      checksum: sum === undefined || this.#algorithm === null ? null : wholeChecksum(this.#algorithm, sum),
    }
  }
}

function otherRelease(): StorageError<'NotSupported'> {
  return new StorageError('NotSupported', { feature: 'going on with an upload that another release of this software began' })
}
