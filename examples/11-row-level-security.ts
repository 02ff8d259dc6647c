import { accountCaller, ANONYMOUS, isStorageError, openEngine, storedPolicies } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import type { Caller } from '@stowage/core'
import { and, col, ctx, element, eq, extension, foldername, ne } from '@stowage/core/policy'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { systemCaller } from '@stowage/core/system'

/*
 * Row-level security, as in Postgres: users see and change the rows that policies let through. Beside it a bucket policy, as on AWS, for
 * those who are no users at all. Both are kept in the metadata store, and decided in one place.
 */

// #region access
const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
const policies = storedPolicies({ metadata })
const engine = await openEngine({ metadata, backend: memoryBackend(), policy: policies })

await policies.change({
  putPolicies: [
    {
      // CREATE POLICY "own folder" ON storage.objects TO authenticated USING ((storage.foldername(name))[1] = auth.jwt() ->> 'sub')
      name: 'own folder',
      table: 'objects',
      mode: 'permissive',
      command: 'all',
      roles: ['authenticated'],
      using: and(eq(col('bucket_id'), 'homes'), eq(element(foldername(), 1), ctx('sub'))),
    },
    {
      name: 'no programs',
      table: 'objects',
      mode: 'restrictive',
      command: 'insert',
      roles: ['public'],
      check: ne(extension(), 'exe'),
    },
  ],
})
// #endregion

const owner = engine.as(accountCaller('shop'))
const bucket = { name: 'homes' }
await owner.createBucket({ bucket })
await owner.putBucketPolicy({
  bucket,
  policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::homes/*/public/*' },
  }),
})

/** What a door makes of a verified token. */
const user = (sub: string): Caller => ({
  principal: { kind: 'role', role: 'authenticated', sub, claims: {}, bypassRls: false },
  account: 'shop',
  scope: null,
  credentialId: null,
})

async function outcome(name: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
    console.log(`${name}: done`)
  } catch (error) {
    if (!isStorageError(error)) throw error
    console.log(`${name}: ${error.code}`)
  }
}

const [ann, bob, nobody] = [engine.as(user('ann')), engine.as(user('bob')), engine.as(ANONYMOUS)]
await outcome('ann writes in her folder', () => ann.putObject({ bucket, key: 'ann/diary.txt', body: Buffer.from('dear diary') }))
await outcome('ann publishes', () => ann.putObject({ bucket, key: 'ann/public/poem.txt', body: Buffer.from('a poem') }))
await outcome('ann writes a program', () => ann.putObject({ bucket, key: 'ann/setup.exe', body: Buffer.from('MZ') }))
await outcome('bob writes in her folder', () => bob.putObject({ bucket, key: 'ann/note.txt', body: Buffer.from('hello') }))
await outcome('bob reads her diary', () => bob.headObject({ bucket, key: 'ann/diary.txt' }))
await outcome('somebody reads what she published', () => nobody.headObject({ bucket, key: 'ann/public/poem.txt' }))
await outcome('somebody reads her diary', () => nobody.headObject({ bucket, key: 'ann/diary.txt' }))
console.log(`bob lists: ${(await bob.listObjects({ bucket })).objects.length} objects`)

// Only the operator may have decisions on users explained: the policies that make them are the namespace's.
const { questions } = await engine.as(systemCaller('an example')).explain({
  caller: user('ann'),
  operation: 'PutObject',
  bucket,
  key: 'ann/setup.exe',
  proposed: { size: 2 },
})
for (const ground of questions.flatMap(({ grounds }) => grounds)) {
  if (ground.kind !== 'row-policies') continue
  for (const { name, clauses } of ground.policies) {
    if (clauses.some(({ verdict }) => verdict === false)) console.log(`refused by "${name}" on ${ground.command}`)
  }
}
await engine.close()
