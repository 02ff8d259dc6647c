/**
 * If-Match and its kin, checked in the commit against the locked row, in the order of RFC 9110 §13.2.2.
 * Entity tags are bare (no quotes); a weak tag never matches If-Match. Dates have whole seconds.
 */
export interface Conditions {
  readonly ifMatch?: '*' | readonly string[]
  readonly ifNoneMatch?: '*' | readonly string[]
  readonly ifModifiedSince?: Date
  readonly ifUnmodifiedSince?: Date
}
