/**
 * How a statement ends: done, over no row, refused, over a key that is taken, or failed by what a policy did with a value. Of a listing the
 * rows that it shows, after `rows `. `unplanned`: Postgres could not plan the statement, and nothing is to be learnt from it.
 */
export type Outcome = 'allowed' | 'absent' | 'denied' | 'taken' | 'failed' | 'unplanned' | `rows ${string}`
