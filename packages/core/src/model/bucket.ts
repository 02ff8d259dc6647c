/** Where a bucket is found: by name, inside a jurisdiction ('default' unless said otherwise). */
export interface BucketAddress {
  readonly jurisdiction?: string
  readonly name: string
}

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
