import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Administration } from './administration.ts'
import { connectControl } from './control-client.ts'
import { readCopyBackendRequest } from './copy-backend-request.ts'
import { controlPath } from './control-path.ts'
import { readBackupRequest } from './backups/backup-request.ts'
import { readControlBody } from './control-body.ts'
import { parseCredentialRequest } from './credential-request.ts'
import { readKeyRequest } from './key-request.ts'
import { listenPrivately } from './listen-privately.ts'
import { readPolicyRequest } from './policy-request.ts'
import { parseTenantRequest } from './tenant-request.ts'
import type { TenantsAdministration } from './tenants-administration.ts'

interface Administered {
  readonly administration: Administration
  readonly tenants: TenantsAdministration | null
}

/** A control socket that listens. */
export interface ControlServer {
  close(): Promise<void>
}

/**
 * Listens on the control socket of a data directory (0600), so that commands can ask the server that has it open. Lines of JSON over
 * HTTP: `{ "step": … }` for progress, `{ "result": … }` or `{ "error": … }` at the end. A check whose asker has gone is stopped.
 *
 * `tenants` answers where the server has many of them, and `administration` what is asked of none.
 *
 * A socket on which nobody listens is what a crash has left, and is replaced; where somebody does, it throws.
 */
export async function listenForControl(
  directory: string,
  administration: Administration,
  tenants: TenantsAdministration | null = null,
): Promise<ControlServer> {
  const path = controlPath(directory)
  // With the metadata in Postgres several processes may have one directory: the first of them answers for it.
  if ((await connectControl(directory)) !== null) throw new Error(`Another process that serves ${directory} has its control socket.`)
  await rm(path, { force: true })
  const server = createServer((request, response) => void answer(request, response, { administration, tenants }))
  await listenPrivately(server, path)
  return { close: () => close(server) }
}

async function answer(request: IncomingMessage, response: ServerResponse, administered: Administered): Promise<void> {
  const asker = new AbortController()
  response.once('close', () => asker.abort(new Error('Whoever asked has gone.')))
  const line = (value: unknown): void => void response.write(`${JSON.stringify(value)}\n`)
  // Whoever does not read them need not hear of every step: they would pile up in the server.
  const onProgress = (step: unknown): void => void (response.writableNeedDrain || line({ step }))
  try {
    line({ result: await find(request, administered, { onProgress, signal: asker.signal }) })
  } catch (error) {
    line({ error: error instanceof Error ? error.message : String(error) })
  }
  response.end()
}

interface Asked {
  readonly onProgress: (step: unknown) => void
  readonly signal: AbortSignal
}

/** `/tenants` is about all of them, `/tenants/NAME/…` is that tenant's, and all else the server's. */
async function find(request: IncomingMessage, { administration, tenants }: Administered, asked: Asked): Promise<unknown> {
  const [, name, path] = /^\/tenants(?:\/([^/]+)(\/.*))?$/.exec(request.url ?? '') ?? []
  if (request.url !== '/tenants' && name === undefined) return perform(request, administration, { ...asked, path: request.url ?? '' })
  if (tenants === null) throw new Error('The server that has this directory open has no tenants: it has one store.')
  if (name === undefined || path === undefined) return tenants.ask(parseTenantRequest(await readControlBody(request)))
  return tenants.within(decodeURIComponent(name), (own) => perform(request, own, { ...asked, path }))
}

async function perform(
  request: IncomingMessage,
  administration: Administration,
  { path, ...asked }: Asked & { readonly path: string },
): Promise<unknown> {
  switch (path) {
    case '/keys':
      return administration.keys(await readKeyRequest(request))
    case '/credentials':
      return administration.credentials(parseCredentialRequest(await readControlBody(request)))
    case '/policies':
      return administration.policies(await readPolicyRequest(request))
    case '/buckets':
      return administration.buckets()
    case '/stat':
      return administration.stat()
    case '/copy-backend':
      return administration.copyBackend(readCopyBackendRequest(await readControlBody(request)), asked)
    case '/backup':
      return administration.backUp(readBackupRequest(await readControlBody(request)), asked)
    case '/fsck':
      return administration.fsck({ deep: false, ...asked })
    case '/fsck?deep':
      return administration.fsck({ deep: true, ...asked })
    default:
      throw new Error(`The server that has this directory open knows nothing of ${path}: it is of another version.`)
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The socket goes with it.
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
