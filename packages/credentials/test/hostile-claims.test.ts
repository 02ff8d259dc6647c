import { createHmac } from 'node:crypto'
import { accountCaller, isStorageError, openEngine, rules } from '@stowage/core'
import type { Caller, Engine, MetadataStore, Predicate } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { postgresMetadata } from '@stowage/core/postgres'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { localKeys } from '../src/jwt/jwt-key-source.ts'
import { jwtSecret } from '../src/jwt/jwt-key.ts'
import { JwtVerifier } from '../src/jwt/jwt-verifier.ts'
import { TokenError } from '../src/token-error.ts'
import { userCaller } from '../src/user-caller.ts'

const SECRET = Buffer.alloc(32, 'jwt secret')
const verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(SECRET)])], clock: () => new Date() })

/** A token with these claims, written as they are here: an object in JavaScript could not say all of it. */
function token(claims: string): string {
  const text = (json: string): string => Buffer.from(json).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 3600
  const head = `${text('{"alg":"HS256"}')}.${text(`{"role":"authenticated","exp":${exp}${claims === '' ? '' : `,${claims}`}}`)}`
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`
}

const claim = (p: string): Predicate => ({ k: 'json', a: { k: 'ctx', f: 'jwt' }, p, text: true })
const folder: Predicate = { k: 'idx', a: { k: 'col', n: 'path_tokens' }, i: 1 }
const equal = (a: Predicate, b: Predicate): Predicate => ({ k: 'cmp', op: '=', a, b })
const DOES = ['object.read', 'object.list', 'object.write'] as const
const POLICY = rules([
  { effect: 'allow', who: { owner: true }, actions: 'all' },
  // The folder of the tenant; and nobody has a tenant by what every object of JavaScript has.
  { effect: 'allow', who: { role: 'authenticated' }, actions: DOES, when: equal(folder, claim('tenant')) },
  { effect: 'allow', who: { role: 'authenticated' }, actions: ['object.list'], when: equal(folder, claim('constructor')) },
  {
    effect: 'allow',
    who: { role: 'authenticated' },
    actions: DOES,
    when: { k: 'and', a: [equal(folder, { k: 'lit', t: 'text', v: 'own' }), equal({ k: 'col', n: 'owner_id' }, { k: 'ctx', f: 'sub' })] },
  },
])

/** What is done in this name: `done`, or the word of a clear refusal. Anything else, an outage above all, fails the test. */
async function outcome(engine: Engine, claims: string, key: string): Promise<string> {
  let caller: Caller
  try {
    caller = userCaller(await verifier.verify(token(claims)), { account: 'acme', credentialId: null })
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
  try {
    const session = engine.as(caller)
    await session.putObject({ bucket: { name: 'photos' }, key, body: Buffer.from('x') })
    await session.headObject({ bucket: { name: 'photos' }, key })
    await session.listObjects({ bucket: { name: 'photos' }, prefix: key })
    return 'done'
  } catch (error) {
    if (isStorageError(error)) return error.code
    throw error
  }
}

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

describe.each(['sqlite', 'postgres'] as const)('claims of a hostile issuer on %s', (database) => {
  let engine: Engine
  beforeAll(async () => {
    const metadata: MetadataStore =
      database === 'sqlite'
        ? sqliteMetadata({ temporary: true, worker: 'inline' })
        : postgresMetadata({ pool: postgres.pool({ max: 4 }), schema: 'hostile_claims' })
    engine = await openEngine({ metadata, backend: memoryBackend(), policy: POLICY })
    await engine.as(accountCaller('acme')).createBucket({ bucket: { name: 'photos' } })
  })
  afterAll(() => engine.close())

  const deep = (begin: string, end: string, depth: number): string => `"tenant":"a","deep":${begin.repeat(depth)}1${end.repeat(depth)}`
  test.each([
    // What the stores cannot hold is compared with nothing.
    ['a sub with a NUL', '"sub":"a\\u0000b"', 'claims'],
    ['a sub with half a character', '"sub":"\\ud800"', 'claims'],
    ['a sub that is too long', `"sub":"${'x'.repeat(5000)}"`, 'LimitExceeded'],
    ['a NUL', '"tenant":"a\\u0000"', 'AccessDenied'],
    ['half a character', '"tenant":"\\udc00"', 'AccessDenied'],
    ['a NUL elsewhere', '"tenant":"a","other":["\\u0000"]', 'AccessDenied'],
    ['half a character in a name', '"tenant":"a","\\ud800":1', 'AccessDenied'],
    ['deep lists', deep('[', ']', 2900), 'AccessDenied'],
    ['deep objects', deep('{"a":', '}', 900), 'AccessDenied'],
    // What JavaScript cannot hold is no other number.
    ['a number without end', '"tenant":1e400', 'claims'],
    ['a number with too many digits', '"tenant":9007199254740993', 'claims'],
    ['one elsewhere', '"tenant":"a","other":-12345678901234567890', 'claims'],
    ['a sub that is an object', '"sub":{"a":1}', 'claims'],
    ['a sub that is a number', '"sub":7', 'claims'],
    ['a list of roles', '"role":["authenticated"]', 'claims'],
    ['a role that every object has', '"role":"__proto__"', 'claims'],
    ['no tenant', '"tenant":null', 'AccessDenied'],
    ['a prototype', '"__proto__":{"tenant":"a","sub":"ann","role":"service_role"}', 'AccessDenied'],
    ['a constructor', '"constructor":{"prototype":{"tenant":"a"}}', 'AccessDenied'],
    ['a tenant that is an object', '"tenant":{"toString":"a"}', 'AccessDenied'],
    ['a tenant that is a list', '"tenant":["a"]', 'AccessDenied'],
  ])('%s is clearly refused', async (_name, claims, expected) => {
    expect([await outcome(engine, claims, 'a/1'), await outcome(engine, claims, 'own/1')]).toEqual([expected, expected])
  })

  test('a claim is the tenant that it says, and no other one', async () => {
    const tenants: readonly (readonly [json: string, folder: string])[] = [
      ['"a"', 'a'],
      ['"A"', 'A'],
      ['"a "', 'a '],
      ['"\\u00e1"', '\u00E1'],
      ['"a\\u0301"', 'a\u0301'],
      ['"\\ufffd"', '\uFFFD'],
      ['"\\ud83d\\udc08"', '🐈'],
      ['1', '1'],
      ['"01"', '01'],
      ['9007199254740991', '9007199254740991'],
      ['"9007199254740993"', '9007199254740993'],
      ['"9007199254740992"', '9007199254740992'],
      ['true', 'true'],
      ['"%"', '%'],
      ['"\' or 1=1 --"', "' or 1=1 --"],
      ['"__proto__"', '__proto__'],
      ['"constructor"', 'constructor'],
    ]
    for (const [json, own] of tenants) {
      for (const [, other] of tenants) {
        expect([json, other, await outcome(engine, `"tenant":${json}`, `${other}/1`)]).toEqual([
          json,
          other,
          own === other ? 'done' : 'AccessDenied',
        ])
      }
    }
  })

  test('a user is the one that it is called, and no other one', async () => {
    const subs = [
      'ann',
      'Ann',
      'ann ',
      ' ann',
      '\u00E1nn',
      'a\u0301nn',
      'ann\u200B',
      '\uFFFD',
      '🐈',
      'null',
      '__proto__',
      "ann' or ''='",
      '%',
      '0',
    ]
    for (const [index, sub] of subs.entries()) {
      expect(await outcome(engine, `"sub":${JSON.stringify(sub)}`, `own/${index}`)).toBe('done')
      for (const other of subs.filter((each) => each !== sub)) {
        expect([sub, other, await outcome(engine, `"sub":${JSON.stringify(other)}`, `own/${index}`)]).toEqual([sub, other, 'AccessDenied'])
      }
    }
  })
})
