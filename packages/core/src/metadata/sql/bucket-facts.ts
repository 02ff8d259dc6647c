import sql, { type Sql } from 'sql-template-tag'
import type { BucketRowFacts } from '../../policy/predicate-row.ts'
import { textOf } from './column.ts'
import type { SqlRow } from './sql-driver.ts'

/** What rows of objects tell of their bucket, as columns of a SELECT from `buckets b`. */
export const BUCKET_FACTS = 'b.name, b.account, b.public'

/** The columns of `BUCKET_FACTS`, from position `at` on. */
export function readBucketFacts(row: SqlRow, at: number): BucketRowFacts {
  return { name: textOf(row[at]), account: textOf(row[at + 1]), public: row[at + 2] === 1 }
}

/** The same as expressions: a predicate pays only for those that it reads. */
export interface BucketFactsSql {
  readonly name: Sql
  readonly account: Sql
  /** A condition. */
  readonly public: Sql
}

/** The facts of a bucket that is known by its id: looked up once a statement. */
export function bucketFactsOf(bucketId: string): BucketFactsSql {
  return {
    name: sql`(SELECT name FROM buckets WHERE id = ${bucketId})`,
    account: sql`(SELECT account FROM buckets WHERE id = ${bucketId})`,
    public: sql`((SELECT public FROM buckets WHERE id = ${bucketId}) = 1)`,
  }
}
