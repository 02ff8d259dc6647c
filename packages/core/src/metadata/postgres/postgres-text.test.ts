import { expect, test } from 'vitest'
import { PostgresTexts, quoteIdentifier } from './postgres-text.ts'

test('question marks are numbered, tables get their schema, and nothing else changes', () => {
  const texts = new PostgresTexts("o'hara")
  const { text } = texts.get(
    "INSERT INTO parts (key) SELECT p.key FROM parts p JOIN objects ON objects.key = ? WHERE p.etag = ? AND nextval('commit_sequence') > 0",
  )
  expect(text).toBe(
    'INSERT INTO "o\'hara".parts (key) SELECT p.key FROM "o\'hara".parts p JOIN "o\'hara".objects ON objects.key = $1 ' +
      `WHERE p.etag = $2 AND nextval('"o''hara".commit_sequence') > 0`,
  )
  expect(new PostgresTexts(null).get('SELECT ? FROM objects').text).toBe('SELECT $1 FROM objects')
})

test('tables of relations get the schema, those that the user keeps have their own', () => {
  const { text } = new PostgresTexts('s').get(
    'SELECT EXISTS (SELECT 1 FROM "relation_a.b" AS r1 WHERE r1."relation_a.b" IN (SELECT 1 FROM "relation_x"."y"))',
  )
  expect(text).toBe('SELECT EXISTS (SELECT 1 FROM "s"."relation_a.b" AS r1 WHERE r1."relation_a.b" IN (SELECT 1 FROM "relation_x"."y"))')
})

test('a text has one name, other texts have others, and there is an end to names', () => {
  const texts = new PostgresTexts(null)
  const names = Array.from({ length: 1000 }, (_, index) => texts.get(`SELECT ${index}`).name)
  expect(texts.get('SELECT 0').name).toBe(names[0])
  const named = names.filter((name) => name !== null)
  expect(new Set(named).size).toBe(named.length)
  expect(named.length).toBeLessThan(1000)
  expect(names[0]?.length).toBeLessThan(64)
})

test('an identifier is quoted, whatever is in it', () => {
  expect(quoteIdentifier('a"b')).toBe('"a""b"')
})
