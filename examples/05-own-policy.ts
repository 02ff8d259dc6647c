import { accountCaller, ANONYMOUS, isStorageError, openEngine } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { refused, unconditional } from '@stowage/core/policy'
import type { Access, Caller, Policy, Predicate, Requirement } from '@stowage/core/policy'
import { sqliteMetadata } from '@stowage/core/sqlite'

/*
 * A policy of your own. It answers with conditions over rows, never with yes or no: the store holds them against the rows
 * that it has locked, so nothing can change between the question and the deed. For most programs `rules([…])` is enough.
 */

/** The account may do everything; everybody reads `public/`; users have their own objects, and see no others. */
const homes: Policy = {
  require({ caller: { principal }, action, key, policyVersion }: Access): Requirement {
    const all = unconditional(policyVersion)
    if (principal.kind === 'account') return all
    if (action === 'object.read' && key?.startsWith('public/') === true) return all
    if (principal.kind !== 'role' || principal.sub === null) return refused(policyVersion)
    const own: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'lit', t: 'text', v: principal.sub } }
    switch (action) {
      case 'object.list':
      case 'object.write':
        return { ...all, existing: own }
      case 'object.read':
      case 'object.delete':
        return { ...all, existing: own, deniedExisting: 'absent' }
      default:
        return refused(policyVersion)
    }
  },
}

/** What a door makes of a verified token. */
const user = (sub: string): Caller => ({
  principal: { kind: 'role', role: 'authenticated', sub, claims: {}, bypassRls: false },
  account: 'shop',
  scope: null,
  credentialId: null,
})

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: homes })
const bucket = { name: 'files' }
const [shop, alice, bob, anyone] = [accountCaller('shop'), user('alice'), user('bob'), ANONYMOUS].map((caller) => engine.as(caller))
if (!shop || !alice || !bob || !anyone) throw new Error('four callers, four sessions')
await shop.createBucket({ bucket })
await shop.putObject({ bucket, key: 'public/logo.svg', body: Buffer.from('<svg/>') })
await alice.putObject({ bucket, key: 'diary.txt', body: Buffer.from('Dear diary') })

console.log(`alice lists: ${(await alice.listObjects({ bucket })).objects.map(({ key }) => key).join(', ')}`)
console.log(`bob lists: ${(await bob.listObjects({ bucket })).objects.length} objects`)
console.log(`bob reads her diary: ${await outcomeOf(bob.headObject({ bucket, key: 'diary.txt' }))}`)
console.log(`bob replaces it: ${await outcomeOf(bob.putObject({ bucket, key: 'diary.txt', body: Buffer.from('Bob was here') }))}`)
console.log(`anyone reads the logo: ${await outcomeOf(anyone.headObject({ bucket, key: 'public/logo.svg' }))}`)
console.log(`anyone writes one: ${await outcomeOf(anyone.putObject({ bucket, key: 'public/x', body: Buffer.alloc(0) }))}`)
await engine.close()

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (error) {
    return isStorageError(error) ? error.code : String(error)
  }
}
