import { expect, test } from 'vitest'
import type { Relation } from '../../policy/relation.ts'
import { POSTGRES_DIALECT, SQLITE_DIALECT } from './dialects.ts'
import { tableStatements } from './relation-table.ts'

const TEXT = { type: 'text', nullable: false } as const
const BEFORE: Relation = {
  name: 'public.teams',
  kept: 'engine',
  columns: { team: TEXT, since: { type: 'timestamptz', nullable: true } },
  indexes: [['team'], ['since'], ['since', 'team'], ['since']],
  key: ['team'],
}

test.each([SQLITE_DIALECT, POSTGRES_DIALECT])('a table of $name and its indexes, without one that the key is', (dialect) => {
  const texts = tableStatements(dialect, { before: null, after: BEFORE }).map(({ sql }) => sql.replaceAll(/#[0-9a-f]{32}/g, '#'))
  expect(texts).toEqual([
    dialect.name === 'sqlite'
      ? 'CREATE TABLE "relation_public.teams" ("team" TEXT NOT NULL, "since" INTEGER, CONSTRAINT "relation_#" PRIMARY KEY ("team")) STRICT, WITHOUT ROWID'
      : 'CREATE TABLE "relation_public.teams" ("team" text COLLATE "C" NOT NULL, "since" timestamptz, CONSTRAINT "relation_#" PRIMARY KEY ("team"))',
    'CREATE INDEX "relation_#" ON "relation_public.teams" ("since")',
    'CREATE INDEX "relation_#" ON "relation_public.teams" ("since", "team")',
  ])
})

test('a change keeps the indexes that stay', () => {
  const after: Relation = { ...BEFORE, columns: { team: TEXT, level: { type: 'int', nullable: true } }, indexes: [['level']] }
  const changed = tableStatements(POSTGRES_DIALECT, { before: BEFORE, after }).map(({ sql }) => sql.replaceAll(/#[0-9a-f]{32}/g, '#'))
  expect(changed).toEqual([
    'DROP INDEX IF EXISTS "relation_#"',
    'DROP INDEX IF EXISTS "relation_#"',
    'ALTER TABLE "relation_public.teams" DROP COLUMN "since"',
    'ALTER TABLE "relation_public.teams" ADD COLUMN "level" integer',
    'CREATE INDEX "relation_#" ON "relation_public.teams" ("level")',
  ])
  expect(tableStatements(SQLITE_DIALECT, { before: BEFORE, after: BEFORE })).toEqual([])
})
