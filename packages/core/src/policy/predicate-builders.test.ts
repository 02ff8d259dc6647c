import { describe, expect, test } from 'vitest'
import { MEMBERS, RELATION_ROWS, RELATIONS } from '../../test/policy/relation-samples.ts'
import { evaluateWithin } from './evaluate-predicate.ts'
import { foldPredicate, type PredicateContext } from './fold-predicate.ts'
import * as build from './predicate-builders.ts'
import { parsePredicate } from './predicate-parse.ts'
import { exists, insub } from './predicate-relation-builders.ts'
import { objectPolicyRow } from './predicate-row.ts'
import type { Predicate } from './predicate.ts'

const { and, col, element, eq, foldername, gte, isIn, isNotIn, jwt, jwtJson, lit, not, or, uid } = build
const UUID = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
const CONTEXT: PredicateContext = {
  sub: UUID,
  role: 'authenticated',
  account: 'acme',
  operation: 'storage.object.list',
  ip: null,
  key: null,
  jwt: { app_metadata: { org_id: 'a', teams: ['a', 'b'] } },
  now: new Date(5000),
}
const ROW = objectPolicyRow(
  { name: 'team', account: 'acme', public: false },
  {
    key: 'a/Cat.jpg',
    ownerId: UUID,
    versionId: 'null',
    createdAt: new Date(1000),
    size: 12,
    etag: 'e',
    headers: { contentType: 'image/jpeg' },
    userMetadata: { department: 'engineering' },
  },
)

function says(predicate: Predicate): boolean | null {
  const parsed = parsePredicate(predicate, 'when', { relations: RELATIONS })
  return evaluateWithin(foldPredicate(parsed, CONTEXT), { row: ROW, relations: RELATION_ROWS })
}

// The real-world policies of auth.md §3.4.
describe('builds what policies in the wild say', () => {
  test.each<[string, Predicate]>([
    ['p03 one folder', and(eq(col('bucket_id'), 'team'), eq(element(foldername(), 1), 'a'))],
    ['p04 the own folder', not(eq(build.cast(uid(), 'text'), element(foldername(), 1)))],
    ['p05 own objects', eq(col('owner'), uid())],
    ['p06 own objects, by text', eq(col('owner_id'), build.cast(uid(), 'text'))],
    [
      'p07 a public folder',
      and(eq(build.extension(), 'jpg'), eq(build.lower(element(foldername(), 1)), 'a'), eq(build.role(), 'authenticated')),
    ],
    ['p10 a file name', eq(build.filename(), 'Cat.jpg')],
    ['p11 extensions', isIn(build.extension(), ['png', 'jpg', 'webp'])],
    ['p12 a mime type', build.like(build.metadata('mimetype'), 'image/%')],
    ['p13 a size', build.lte(build.cast(build.metadata('contentLength'), 'int'), 100_000)],
    ['p14 user metadata', eq(build.userMetadata('department'), 'engineering')],
    ['p16 an organisation', eq(element(foldername(), 1), jwt('app_metadata', 'org_id'))],
    ['p17 teams', build.isElement(element(foldername(), 1), jwtJson('app_metadata', 'teams'))],
    ['p19 no second factor', build.isNull(jwt('aal'))],
    ['p20 lists only', build.allowOnlyOperation('object.list')],
    ['p21 not anonymous', build.truth(build.cast(jwt('is_anonymous'), 'bool'), 'IS_NOT_TRUE')],
    ['p26 operations', build.allowAnyOperation('object.list', 'storage.object.get_authenticated')],
    ['p27 not another bucket', isNotIn(col('bucket_id'), ['secret', 'other'])],
    ['p15 members', exists(MEMBERS, 'm', (m) => and(eq(m('team'), element(foldername(), 1)), eq(m('level'), 12)))],
    [
      'p22 a team of the user',
      insub(element(foldername(), 1), { relation: MEMBERS, alias: 'm', select: (m) => m('team'), where: (m) => eq(m('ident'), UUID) }),
    ],
    ['a search in the folders', build.isAny('a', foldername())],
    ['a claim that is there', build.hasMember(jwtJson(), 'app_metadata')],
    ['any letters', build.ilike(col('name'), 'A/cat.%')],
    ['a prefix', and(build.startsWith(col('name'), build.concat('a', '/')), build.ne(build.upper(col('name')), col('name')))],
    ['one that is not null', eq(build.coalesce(col('etag'), ''), 'e')],
    [
      'times',
      and(
        build.lt(col('created_at'), build.ctx('now')),
        gte(col('created_at'), new Date(1000)),
        build.gt(build.ctx('now'), col('updated_at')),
      ),
    ],
    ['numbers of every width', and(eq(col('size'), 12), eq(col('size'), 12n), build.gt(col('size'), 11.5), build.lt(col('size'), 2 ** 40))],
    ['nulls that are alike', not(build.distinctFrom(lit('text', null), jwt('none')))],
    ['an alternative', or(build.isNotNull(jwt('none')), eq(build.operation(), 'storage.object.list'))],
  ])('%s', (_, predicate) => {
    expect(says(predicate)).toBe(true)
  })
})

test('a relation that does not have the column is refused where it stands', () => {
  const predicate = exists(MEMBERS, 'm', (m) => eq(m('nothing'), 'a'))
  expect(() => says(predicate)).toThrow(expect.objectContaining({ details: expect.objectContaining({ argument: 'when.where.a.n' }) }))
})
