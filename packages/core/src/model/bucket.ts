/** Where a bucket is found: by name, inside a jurisdiction ('default' unless said otherwise). */
export interface BucketAddress {
  readonly jurisdiction?: string
  readonly name: string
}

/** Whether a key keeps what it held before. `suspended` keeps former versions, and writes new objects as the version `null`. */
export type Versioning = 'off' | 'enabled' | 'suspended'

/** Named by (jurisdiction, name), known by id: a bucket deleted and made again is another one. */
export interface BucketInfo {
  readonly id: string
  readonly jurisdiction: string
  readonly name: string
  /** Whose bucket it is. */
  readonly account: string
  readonly public: boolean
  readonly versioning: Versioning
  readonly createdAt: Date
}
