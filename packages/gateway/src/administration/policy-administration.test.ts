import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { Relation, RelationColumn, RowPolicy } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { ALWAYS, col, ctx, eq, NEVER } from '@stowage/core/policy'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { parsePolicies } from '@stowage/policy-sql'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ExplainWish } from './explain-wish.ts'
import { explanationText, isUndecided } from '../commands/explanation-text.ts'
import { administerPolicies } from './policy-administration.ts'
import type { PolicyAnswer, PolicyRequest } from './policy-administration.ts'
import { testedText } from '../commands/test-policies-command.ts'

const OWN: RowPolicy = {
  name: 'own',
  table: 'objects',
  mode: 'permissive',
  command: 'all',
  roles: ['authenticated'],
  using: eq(col('owner_id'), ctx('sub')),
  source: 'CREATE POLICY own\n  ON storage.objects …',
}
const LOCKED: RowPolicy = { name: 'locked', table: 'objects', mode: 'restrictive', command: 'delete', roles: ['public'], using: NEVER }

/** A bucket `photos` of root, and what an operator may ask for. */
async function open(): Promise<(request: PolicyRequest) => Promise<PolicyAnswer>> {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  const policies = storedPolicies({ metadata })
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy: policies })
  onTestFinished(() => engine.close())
  const [owner, bucket] = [engine.as(accountCaller('root')), { name: 'photos' }]
  await owner.createBucket({ bucket })
  const statements = ['drop', 'shut'].map((Sid) => ({
    Sid,
    Effect: Sid === 'drop' ? 'Allow' : 'Deny',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::photos/${Sid}/*`,
    ...(Sid === 'drop' ? { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } } : {}),
  }))
  await owner.putBucketPolicy({ bucket, policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) })
  const scope = { prefixes: ['in/'] }
  const findKey = async (id: string) => (id === 'AKIASCOPED' ? { ...accountCaller('root', id), scope } : null) // prettier-ignore
  return (request) => administerPolicies({ policies, engine, findKey }, request)
}

function wishOf(more: Partial<ExplainWish>): ExplainWish {
  return {
    caller: { kind: 'role', role: 'authenticated', sub: 'ann', claims: {}, account: 'root' },
    operation: 'GetObject',
    bucket: { name: 'photos' },
    key: 'ann/a.png',
    versionId: null,
    source: null,
    overwrite: 'allowed',
    proposed: null,
    existing: null,
    prefix: null,
    delimiter: null,
    facts: {},
    ...more,
  }
}

const objectOf = (owner: string): ExplainWish['existing'] => ({ size: 1, headers: {}, userMetadata: {}, owner })
const put = (policies: readonly RowPolicy[], more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  ...({ do: 'import', policies, relations: [], replace: false, dryRun: false } as const),
  ...(more as object),
})

describe('policies and roles', () => {
  test('an import says what becomes of each, and a dry run nothing but that', async () => {
    const ask = await open()
    const made = [{ table: 'objects', name: 'own', outcome: 'made' }]
    expect(await ask(put([OWN], { dryRun: true }))).toEqual({ imported: made })
    expect(await ask({ do: 'list' })).toEqual({ roles: [], policies: [], relations: [] })
    expect(await ask(put([OWN]))).toEqual({ imported: made })
    const changed = { ...OWN, using: ALWAYS }
    expect(await ask(put([OWN, LOCKED]))).toMatchObject({ imported: [{ outcome: 'unchanged' }, { outcome: 'made' }] })
    expect(await ask(put([changed], { replace: true }))).toMatchObject({
      imported: [{ outcome: 'replaced' }, { name: 'locked', outcome: 'removed' }],
    })
    expect(await ask({ do: 'list' })).toEqual({ roles: [], policies: [changed], relations: [] })
    await expect(ask(put([{ ...OWN, name: '' }]))).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  test('an import for roles that there are not is refused as a whole', async () => {
    const ask = await open()
    const other = { ...OWN, name: 'other', roles: ['public', 'editor', 'auditor'] }
    await expect(ask(put([OWN, other], { dryRun: true }))).rejects.toThrow("'other' is for 'editor', which is no role.")
    await expect(ask(put([OWN, other]))).rejects.toThrow("'editor', 'auditor'")
    expect(await ask({ do: 'list' })).toEqual({ roles: [], policies: [], relations: [] })
  })

  test('a policy looks into relations that are put with it, or are there', async () => {
    const ask = await open()
    const text: RelationColumn = { type: 'text', nullable: false }
    const teams: Relation = { name: 'teams', columns: { team: text, member: text }, indexes: [], kept: 'engine', key: ['team', 'member'] }
    const sql = 'CREATE POLICY team ON storage.objects FOR SELECT USING (bucket_id IN (SELECT team FROM teams WHERE member = owner_id))'
    const { policies } = await parsePolicies(sql, { relations: [teams] })
    await expect(ask(put(policies))).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(ask(put(policies, { relations: [{ ...teams, kept: 'me' }] }))).rejects.toThrow('relations[0].kept')
    expect(await ask(put(policies, { relations: [teams] }))).toMatchObject({ imported: [{ outcome: 'made' }] })
    expect(await ask(put(policies))).toMatchObject({ imported: [{ outcome: 'unchanged' }] })
    expect(await ask({ do: 'list' })).toMatchObject({ relations: [{ name: 'teams' }] })
  })

  test('a policy is removed by name; by table where both have one', async () => {
    const ask = await open()
    await ask(put([OWN, { ...OWN, table: 'buckets' }]))
    const remove = (name: string, table: string | null): Promise<PolicyAnswer> => ask({ do: 'remove', name, table })
    await expect(remove('own', null)).rejects.toThrow('say which with --table')
    await remove('own', 'buckets')
    await expect(remove('own', 'buckets')).rejects.toThrow("There is no policy 'own' on buckets.")
    await remove('own', null)
    expect(await ask({ do: 'list' })).toEqual({ roles: [], policies: [], relations: [] })
  })

  test('roles are made once, replaced when asked to, and stay as long as somebody needs them', async () => {
    const ask = await open()
    const editor = { name: 'editor', bypassRls: false, inherits: ['authenticated'] }
    const create = (replace: boolean, role = editor): Promise<PolicyAnswer> => ask({ do: 'create-role', role, replace })
    await create(false)
    await expect(create(false)).rejects.toThrow("There is a role 'editor' already.")
    await create(true, { ...editor, bypassRls: true })
    expect(await ask({ do: 'list' })).toMatchObject({ roles: [{ name: 'editor', bypassRls: true }] })
    await expect(create(true, { ...editor, name: 'anon' })).rejects.toThrow('always there')
    await ask(put([{ ...OWN, roles: ['editor'] }]))
    await expect(ask({ do: 'delete-role', name: 'editor' })).rejects.toThrow("'editor', which is no role")
    await ask({ do: 'remove', name: 'own', table: null })
    await ask({ do: 'delete-role', name: 'editor' })
    await expect(ask({ do: 'delete-role', name: 'editor' })).rejects.toThrow("There is no role 'editor'.")
    await expect(ask({ do: 'delete-role', name: 'anon' })).rejects.toThrow('always there')
  })
})

describe('explanations', () => {
  /** The first lines of the text, and whether anything was decided. */
  async function explained(more: Partial<ExplainWish>): Promise<{ readonly text: string; readonly undecided: boolean }> {
    const ask = await open()
    await ask(put([OWN, LOCKED]))
    const wish = wishOf(more)
    const answer = await ask({ do: 'explain', wishes: [wish] })
    const [explanation] = 'explanations' in answer ? answer.explanations : []
    if (explanation === undefined) throw new Error('no explanation')
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation)
    return { text: explanationText(wish, explanation), undecided: isUndecided(explanation) }
  }

  test('as a tree: verdict, reason, policies with their text and verdicts, values', async () => {
    const { text } = await explained({ existing: objectOf('bob') })
    expect(text.replaceAll(/20\d\d-[-\d]+T[\d:.]+Z/g, 'NOW').split('\n')).toEqual([
      "Refused: GetObject of 'ann/a.png' in photos, by 'ann' as authenticated of the account root",
      '',
      'object.read: refused, and looks as if it were not there',
      '  because no permissive policy lets the role authenticated select the object that is there',
      '  scope of the credential: reaches it',
      '  row-level security: select on objects, role authenticated',
      "    permissive 'own'",
      '      USING over the object that is there: false',
      '      CREATE POLICY own ON storage.objects …',
      '  must be true of the object that is there: false',
      "      (owner_id = 'ann'::text)",
      '  the object that is there',
      "    bucket_id = 'photos'",
      "    name = 'ann/a.png'",
      "    owner_id = 'bob'",
      "    version = 'null'",
      '    created_at = NOW',
      '    updated_at = NOW',
      '    last_accessed_at = NOW',
      '    size = 1',
      '    metadata = {"size":1,"contentLength":1}',
      '    path_tokens = ["ann","a.png"]',
      "    account = 'root'",
      '    public = false',
      '',
      'The caller and the request',
      "  sub = 'ann'",
      "  role = 'authenticated'",
      '  jwt = {"sub":"ann","role":"authenticated"}',
      "  account = 'root'",
      "  operation = 'storage.s3.object.get'",
      "  now = 'NOW'",
      '',
    ])
  })

  test.each<[string, Partial<ExplainWish>, string]>([
    ['what a policy lets through', { existing: objectOf('ann') }, 'because row-level security lets it through'],
    ['a restrictive policy', { operation: 'DeleteObject', existing: objectOf('ann') }, "the restrictive policy 'locked' is not true"],
    ['a write', { operation: 'PutObject', existing: objectOf('bob') }, 'no permissive policy lets the role authenticated'],
    ['a role without policies', { caller: { kind: 'role', role: 'anon', sub: null, claims: {}, account: 'root' }, existing: objectOf('ann') }, 'no permissive policy lets the role anon select objects'],
    ['the owner', { caller: { kind: 'account', account: 'root' } }, 'the bucket belongs to the account root'],
    ['another account', { caller: { kind: 'account', account: 'acme' } }, 'nothing allows it'],
    ['nobody', { caller: { kind: 'anonymous' }, operation: 'ListObjects', key: null, prefix: 'a/' }, "ListObjects of photos, under 'a/', by nobody known"],
    ['a statement', { caller: { kind: 'anonymous' }, key: 'drop/a', facts: { sourceIp: '192.0.2.7' } }, "the statement 'drop' allows it"],
    ['its condition', { caller: { kind: 'anonymous' }, key: 'drop/a', facts: { sourceIp: '198.51.100.7' } }, 'nothing allows it'],
    ['a denial', { key: 'shut/a', existing: objectOf('ann') }, "bucket policy: the statement 'shut' says Deny to s3:GetObject"],
    ['a listing', { operation: 'ListObjects', key: null }, 'shows those rows of which its condition is true'],
    ['a scope', { caller: { kind: 'key', accessKeyId: 'AKIASCOPED' } }, 'the scope of the credential does not reach it'],
    ['a terminal that is written to', { key: 'a\u001b[2J\u009bm', existing: objectOf('bob') }, "name = 'a?[2J?m'"],
  ])('name what decided: %s', async (_, more, sentence) => {
    const { text, undecided } = await explained(more)
    expect(text).toContain(sentence)
    expect(undecided).toBe(false)
  }) // prettier-ignore

  test('of what is not there: nothing was decided, unless no row was needed', async () => {
    expect(await explained({})).toMatchObject({ undecided: true, text: expect.stringContaining('there is no such object') as string })
    expect((await explained({ caller: { kind: 'account', account: 'root' } })).undecided).toBe(false)
  })

  test('of nobody that there is', async () => {
    const ask = await open()
    const explain = (caller: ExplainWish['caller']): Promise<PolicyAnswer> => ask({ do: 'explain', wishes: [wishOf({ caller })] })
    await expect(explain({ kind: 'key', accessKeyId: 'AKIAUNKNOWN' })).rejects.toThrow('AKIAUNKNOWN is no access key')
    await expect(explain({ kind: 'role', role: 'editor', sub: null, claims: {}, account: 'root' })).rejects.toThrow("no role 'editor'")
  })

  test('a test that failed says what was expected, and why it came out otherwise', async () => {
    const ask = await open()
    const [wish, other] = [wishOf({ existing: objectOf('bob') }), wishOf({})]
    const answer = await ask({ do: 'explain', wishes: [wish, other] })
    const [explanation, undecided] = 'explanations' in answer ? answer.explanations : []
    if (explanation === undefined || undecided === undefined) throw new Error('no explanation')
    const text = testedText([
      { name: 'one', wish, expected: 'deny', outcome: 'deny', explanation },
      { name: 'two', wish, expected: 'allow', outcome: 'deny', explanation },
      { name: 'three', wish: other, expected: 'allow', outcome: 'undecided', explanation: undecided },
    ])
    expect(text).toContain('ok       one\nFAILED   two\n\n  Expected allow, got deny.\n\n  Refused: GetObject of')
    expect(text).toContain('FAILED   three\n\n  Expected allow, and nothing was decided')
    expect(text).toMatch(/1 passed, 2 failed\.\n$/)
  })
})
