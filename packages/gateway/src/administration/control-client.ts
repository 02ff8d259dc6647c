import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { BucketInfo, FsckReport, FsckStep } from '@stowage/core'
import type { CopiedBlobs, CopyBlobsStep } from '@stowage/core/backend'
import type { Administration, Statistics } from './administration.ts'
import type { BackedUp, BackupStep } from './backups/back-up.ts'
import { controlPath } from './control-path.ts'
import type { CredentialAnswer } from './credential-request.ts'
import type { KeyAnswer } from './key-administration.ts'
import type { PolicyAnswer } from './policy-administration.ts'
import { writePolicyRequest } from './policy-request.ts'
import type { TenantRequest } from './tenant-request.ts'
import type { TenantAnswer } from './tenants-administration.ts'

/** Asks the server that has a directory open, of one of its tenants where one is named; null where nobody listens there. */
export async function connectControl(directory: string, tenant?: string): Promise<Administration | null> {
  const path = await findSocket(directory)
  if (path === null) return null
  const beginning = tenant === undefined ? '' : `/tenants/${encodeURIComponent(tenant)}`
  const ask = (socketPath: string, question: string, asked?: Asked): Promise<unknown> => askServer(socketPath, beginning + question, asked)
  return {
    async buckets() {
      // What travelled as JSON: dates are texts.
      const rows = (await ask(path, '/buckets')) as readonly (Omit<BucketInfo, 'createdAt'> & { readonly createdAt: string })[]
      return rows.map((row) => ({ ...row, createdAt: new Date(row.createdAt) }))
    },
    stat: async () => (await ask(path, '/stat')) as Statistics,
    fsck: async ({ deep, onProgress, signal }) => {
      const hear = (step: unknown): void => onProgress?.(step as FsckStep)
      return (await ask(path, deep ? '/fsck?deep' : '/fsck', { onProgress: hear, signal })) as FsckReport
    },
    copyBackend: async (wish, { onProgress, signal }) => {
      const hear = (step: unknown): void => onProgress?.(step as CopyBlobsStep)
      return (await ask(path, '/copy-backend', { wish, onProgress: hear, signal })) as CopiedBlobs
    },
    backUp: async (wish, { onProgress, signal }) => {
      const hear = (step: unknown): void => onProgress?.(step as BackupStep)
      return (await ask(path, '/backup', { wish, onProgress: hear, signal })) as BackedUp
    },
    keys: async (wish) => (await ask(path, '/keys', { wish })) as KeyAnswer,
    credentials: async (wish) => (await ask(path, '/credentials', { wish })) as CredentialAnswer,
    policies: async (wish) => (await ask(path, '/policies', { wish: writePolicyRequest(wish) })) as PolicyAnswer,
  }
}

/** Asks the server that has a directory open about its tenants; null where nobody listens there. */
export async function connectTenants(directory: string): Promise<((request: TenantRequest) => Promise<TenantAnswer>) | null> {
  const path = await findSocket(directory)
  return path === null ? null : async (wish) => (await askServer(path, '/tenants', { wish })) as TenantAnswer
}

async function findSocket(directory: string): Promise<string | null> {
  try {
    const path = controlPath(directory)
    await reach(path)
    return path
  } catch {
    // No socket, or what a crash has left of one; or the directory's name is too long, and then no server has one.
    return null
  }
}

/** Whether somebody listens is asked of the socket alone: any question may take the server long. */
async function reach(path: string): Promise<void> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

/** What the server said it could not do. */
class ControlError extends Error {}

interface Asked {
  /** Hears how far it is, as JSON brought it. */
  readonly onProgress?: (step: unknown) => void
  /** Stops it. */
  readonly signal?: AbortSignal | undefined
  /** The body of the question: it goes as JSON. */
  readonly wish?: unknown
}

async function askServer(socketPath: string, path: string, asked: Asked = {}): Promise<unknown> {
  try {
    return await answerTo(socketPath, path, asked)
  } catch (error) {
    asked.signal?.throwIfAborted()
    if (error instanceof ControlError) throw error
    throw new ControlError('The server that has this directory open went away.', { cause: error })
  }
}

async function answerTo(socketPath: string, path: string, { onProgress = () => undefined, signal, wish }: Asked): Promise<unknown> {
  const asked = request({ socketPath, path, method: wish === undefined ? 'GET' : 'POST', ...(signal === undefined ? {} : { signal }) })
  asked.end(wish === undefined ? undefined : JSON.stringify(wish))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  for await (const line of createInterface({ input: answer })) {
    const said = JSON.parse(line) as { readonly step?: unknown; readonly result?: unknown; readonly error?: string }
    if (said.step !== undefined) onProgress(said.step)
    else if (said.error !== undefined) throw new ControlError(said.error)
    else return said.result
  }
  throw new Error('the answer has no end')
}
