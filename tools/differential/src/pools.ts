import type { Relation } from '../../../packages/core/src/policy/relation.ts'

/* Few values, so that what is compared is often equal; among them those that databases, patterns, JSON and UTF-16 trip over. */

export const USERS = ['6f9619ff-8b86-d011-b42d-00c04fc964ff', 'd7bed83c-44a0-4a4f-925f-efc384ea1e50'] as const

export const TEXTS: readonly string[] = [
  '', 'a', 'A', 'b', 'ab', 'B', 'ä', 'Ä', 'a%', 'a_b', '*', '[a]', "it's", '"', '\\', '1', '12', '-3', '12abc', '1.5', '99999999999', 'true', 'null', 'public',
  'admin', 'red', 'png', 'image/png', '\uffff', '\u{1f600}', '\u{10ffff}', 'a/b', 'object.list', 'storage.object.list', 'my', 'team', 'aal2', USERS[0], USERS[1],
] // prettier-ignore

/** Keys; none is empty. */
export const KEYS: readonly string[] = [
  'a', 'A', 'a/b', 'a/', '/a', 'a//b', 'a/b.png', 'a/B.PNG', 'b/a.tar.gz', 'public/x.jpg', `${USERS[0]}/a.png`, `${USERS[1]}/b`, `${USERS[0]}/${USERS[1]}/c`,
  'a%b/c', 'a_b', '.x', 'a.', '\uffff', '\u{1f600}/\u{10ffff}', 'ä/Ä', '12/x', "it's", 'a\\b', 'team/red/x', '"quoted"/[0]', 'z',
] // prettier-ignore

/** Patterns of LIKE; the last ends with an escape, which is an error. */
export const PATTERNS: readonly string[] = [
  '%',
  'a%',
  '%.png',
  '_',
  'a/_',
  '%a%',
  'A%',
  '\\%',
  'a\\%b%',
  'a\\_b',
  '%\\\\%',
  '',
  '[a]%',
  '*',
  'a',
]
export const BROKEN_PATTERN = 'a\\'

/** Texts that claims and constants of JSON hold. */
export const JSON_TEXTS: readonly string[] = ['a', 'b', 'red', 'team', 'public', 'my', '$', "it's"]
/** Half of what members of user metadata hold. */
export const MEMBER_TEXTS: readonly string[] = ['a', 'Ä', 'ä', 'red', 'team', 'B']
export const MEMBERS: readonly string[] = [
  'a',
  'team',
  'mimetype',
  'size',
  'contentLength',
  'eTag',
  "'",
  '"',
  '$',
  '0',
  'app_metadata',
  'teams',
  'org_id',
  'sub',
]
export const INTS: readonly number[] = [0, 1, -1, 2, 12, 100_000, 2_147_483_647]
export const BIGINTS: readonly string[] = ['0', '1', '-1', '12', '100000', '4294967296', '9007199254740993']
export const NUMBERS: readonly number[] = [0, 1, -1, 1.5, 12, 0.1, 1e15, 4_294_967_296]
/** Far from when the test runs: `now` lies between. */
export const TIMES: readonly number[] = [0, 1, Date.UTC(2001, 1, 3, 4, 5, 6, 789), Date.UTC(2099, 0)]
export const OPERATIONS: readonly string[] = [
  'storage.object.list',
  'object.list',
  'storage.s3.object.get',
  'storage.object.upload',
  'storage.',
]
export const BUCKETS = [
  { name: 'my', account: 'acme', public: false },
  { name: 'team', account: USERS[0], public: true },
  { name: 'public', account: 'acme', public: true },
] as const

/** Types of every kind, nullable and not. */
export const RELATIONS: readonly Relation[] = [
  {
    name: 'public.team_members',
    columns: {
      team_id: { type: 'text', nullable: true },
      user_id: { type: 'text', nullable: true },
      owner: { type: 'uuid', nullable: true },
      level: { type: 'int', nullable: true },
      quota: { type: 'bigint', nullable: true },
      active: { type: 'bool', nullable: true },
      since: { type: 'timestamptz', nullable: true },
    },
    indexes: [['user_id', 'team_id']],
    kept: 'engine',
  },
  {
    name: 'public.file_shares',
    columns: {
      path: { type: 'text', nullable: true },
      name: { type: 'text', nullable: true },
      shared_with: { type: 'text', nullable: true },
    },
    indexes: [['shared_with', 'path']],
    kept: 'engine',
  },
]
