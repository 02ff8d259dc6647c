import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { Caller, Engine, MetadataStore } from '@stowage/core'
import type { Relation, RelationRow, RowPolicy } from '@stowage/core/policy'
import { memoryBackend } from '@stowage/core/backend'
import { createOpaqueKey, jwtSecret, JwtVerifier, localKeys, sessionTokenCredentials } from '@stowage/credentials'
import { attach } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import { Client } from '../../s3-protocol/test/client.ts'

const PROJECT = 'abcdefghijklmnopqrst'
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const PUBLISHABLE = createOpaqueKey('publishable', PROJECT)

/** The claims of a user's token, besides when it ends. */
export type Claims = Readonly<Record<string, unknown>>

/** Objects as they lie there before each policy is tried: `bucket/key`, and who wrote it. */
export type Objects = readonly (readonly [place: string, owner: string])[]

/** An S3 server of one project, to which users come with tokens of their own. */
export interface PolicyDoor {
  /** These, and no others. */
  install(policies: readonly RowPolicy[]): Promise<void>
  /** Puts a relation that policies may look into; its rows, where the engine keeps it. */
  relate(relation: Relation, rows: readonly RelationRow[]): Promise<void>
  /** Puts back what lies there, and removes what else does. */
  restore(objects: Objects): Promise<void>
  /** Asks as S3 asks (`PUT 5` puts five bytes), and says what came of it: a status; of a DELETE whether the object is `gone` or `kept`; of a LIST its keys. */
  ask(claims: Claims, method: string, place: string, headers?: readonly (readonly [string, string])[]): Promise<string>
  readonly faults: readonly unknown[]
  close(): Promise<void>
}

/** Opens a server over a store that nobody has opened. */
export async function openPolicyDoor(metadata: MetadataStore, buckets: readonly string[]): Promise<PolicyDoor> {
  const policy = storedPolicies({ metadata })
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy, hashWorkers: { threadsMax: 0 } })
  for (const name of buckets) await engine.as(accountCaller('project')).createBucket({ bucket: { name } })
  const clock = (): Date => new Date()
  const verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock })
  const credentials = sessionTokenCredentials({ projectRef: PROJECT, publicKeys: () => [PUBLISHABLE], verifier, account: 'project' })
  const faults: unknown[] = []
  const observer = { event: (name: string, fields: Readonly<Record<string, unknown>>) => void faults.push({ name, ...fields }) }
  const server = createServer()
  attach(server, s3Handler({ engine, region: 'us-east-1', credentials, observer }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port, { accessKeyId: PROJECT, secretAccessKey: PUBLISHABLE })
  return {
    faults,
    install: (putPolicies) => policy.change({ putPolicies, replacePolicies: true }),
    async relate(relation, rows) {
      await policy.change({ putRelations: [relation] })
      if (relation.kept === 'engine') await policy.relations.put(relation.name, rows)
    },
    restore: (objects) => restore(engine, buckets, objects),
    async ask(claims, method, place, headers = []) {
      const given = [['x-amz-security-token', jwt(claims)] as const, ...headers]
      const [bucket = '', key = ''] = place.split(/\/(.*)/s)
      if (method === 'LIST') {
        const answer = await client.send('GET', `/${bucket}?list-type=2&prefix=${encodeURIComponent(key)}`, { headers: given })
        return answer.status === 200 ? answer.all('Key').join(' ') : answer.outcome
      }
      const target = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
      const [verb = '', size = '3'] = method.split(' ')
      const body = verb === 'PUT' ? { body: 'x'.repeat(Number(size)) } : {}
      const answer = await client.send(verb, target, { headers: given, ...body })
      return method === 'DELETE' && answer.status === 204 ? ((await isThere(engine, bucket, key)) ? 'kept' : 'gone') : String(answer.status)
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await engine.close()
    },
  }
}

function jwt(claims: Claims): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ exp: Math.floor(Date.now() / 1000) + 900, ...claims })}`
  return `${head}.${createHmac('sha256', JWT_SECRET).update(head).digest('base64url')}`
}

/** Somebody whom no policy holds, and whose objects are this user's. */
function writer(sub: string): Caller {
  return { ...accountCaller('project'), principal: { kind: 'role', role: 'service_role', sub, claims: {}, bypassRls: true } }
}

async function restore(engine: Engine, buckets: readonly string[], objects: Objects): Promise<void> {
  const session = engine.as(accountCaller('project'))
  for (const name of buckets) {
    const bucket = { name }
    const { objects: there } = await session.listObjects({ bucket })
    if (there.length > 0) await session.deleteObjects({ bucket, objects: there.map(({ key }) => ({ key })) })
  }
  for (const [place, owner] of objects) {
    const [name = '', key = ''] = place.split(/\/(.*)/s)
    await engine.as(writer(owner)).putObject({ bucket: { name }, key, body: Buffer.from('x') })
  }
}

async function isThere(engine: Engine, name: string, key: string): Promise<boolean> {
  const session = engine.as(accountCaller('project'))
  return (await session.listObjects({ bucket: { name }, prefix: key })).objects.some((object) => object.key === key)
}
