/** Every bound of the engine, with its unit. AWS's numbers where AWS has one. */
export interface Limits {
  /** UTF-8 bytes; at most 2,000, so that every index of a database takes them. */
  readonly keyBytesMax: number
  /** Of an account's id, and of a role's `sub`, in UTF-8 bytes; at most 500, as they are indexed beside a key. */
  readonly callerIdBytesMax: number
  /** Values of the headers kept with an object together, in UTF-8 bytes. */
  readonly headerBytesMax: number
  /** Names and values of user metadata together, in UTF-8 bytes. */
  readonly userMetadataBytesMax: number
  readonly tagsMax: number
  /** Of a single put, in bytes. */
  readonly putSizeMax: number
  /** Of one part, in bytes. */
  readonly partSizeMax: number
  /** Of every part but the last, in bytes. Smaller ones are refused at Complete. */
  readonly partSizeMin: number
  readonly partNumberMax: number
  /** Of a whole object, in bytes. */
  readonly objectSizeMax: number
  /** Stretches of stored bytes that an object is made of; of an upload whose parts have several, those of all parts together. */
  readonly objectExtentsMax: number
  /** Objects up to this size live in the metadata store, in bytes. */
  readonly inlineSizeMax: number
  /** Append uploads are cut into blobs of at most this size, in bytes. */
  readonly appendBlobSizeMax: number
  /** An append that is aborted stores what it has received; after so long that is aborted too, in seconds. */
  readonly abortedAppendSeconds: number
  readonly deleteObjectsMax: number
  readonly listLimitMax: number
  /** Rows that one page of a filtered listing may look at. */
  readonly rowsScannedMax: number
  /** How often a commit is tried again when the policy, or a shared blob, changed under it. */
  readonly commitRetriesMax: number
  /** Blobs stay this long after their last reference went, in seconds. */
  readonly garbageGraceSeconds: number
  /** A process that has not been heard of for this long is dead, in seconds. */
  readonly processLeaseSeconds: number
  readonly heartbeatIntervalSeconds: number
  /** Uploads that nobody finished are aborted after this long, in seconds. */
  readonly uploadExpirySeconds: number
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const TIB = 1024 * GIB
const DAY_SECONDS = 86_400

/** What holds unless `openEngine` is told otherwise. */
export const DEFAULT_LIMITS: Limits = {
  keyBytesMax: 1024,
  callerIdBytesMax: 256,
  headerBytesMax: 8 * KIB,
  userMetadataBytesMax: 2 * KIB,
  tagsMax: 10,
  putSizeMax: 5 * GIB,
  partSizeMax: 5 * GIB,
  partSizeMin: 5 * MIB,
  partNumberMax: 10_000,
  objectSizeMax: 5 * TIB,
  objectExtentsMax: 100_000,
  inlineSizeMax: 64 * KIB,
  appendBlobSizeMax: 64 * MIB,
  abortedAppendSeconds: 30,
  deleteObjectsMax: 1000,
  listLimitMax: 1000,
  rowsScannedMax: 100_000,
  commitRetriesMax: 5,
  garbageGraceSeconds: 60,
  processLeaseSeconds: 60,
  heartbeatIntervalSeconds: 10,
  uploadExpirySeconds: 7 * DAY_SECONDS,
}
