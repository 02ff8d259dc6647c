import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withTemporaryDirectory } from '../../../verify/src/crash/temporary-directory.ts'
import { randomFrom } from '../../../verify/src/step.ts'
import type { Client, Operations, Target } from '../client.ts'
import { assumeRole } from '../sdk-client.ts'
import type { TestServer } from '../test-server.ts'
import type { Toolbox } from '../toolbox.ts'
import { Witness } from '../witness.ts'
import { CREDENTIAL_KINDS, CredentialMaker } from './credential-kinds.ts'
import type { CredentialKind, Shown } from './credential-kinds.ts'
import { BUCKET, OWN_PREFIX, startCredentialServer } from './credential-server.ts'

/** What is run. */
export interface CredentialRun {
  readonly clients: readonly Client[]
  readonly tools: Toolbox
  /** One credential for each client, drawn by it; null for all. */
  readonly sample: { readonly seed: number } | null
  onOutcome(title: string, kind: CredentialKind, complaint: string | null): void
}

/** Which clients are used with each credential. */
export const CREDENTIAL_CLIENTS: ReadonlySet<string> = new Set(['aws-sdk', 'aws-cli', 'boto3', 'rclone'])

const HIDDEN = { bucket: BUCKET, key: 'hidden/of root' }

/** Uses each client with each credential: it writes, reads and lists what the credential is for, and is refused what it is not for. */
export async function runCredentials(run: CredentialRun): Promise<readonly string[]> {
  return withTemporaryDirectory(async (directory) => {
    const server = await startCredentialServer(directory)
    try {
      const witness = await Witness.open(server.target)
      await witness.put(HIDDEN, Buffer.from('hidden'))
      const maker = new CredentialMaker(directory)
      for (const { client, kind } of planned(run)) {
        const used = useOf(client, kind, { server, maker, tools: run.tools, directory })
        run.onOutcome(
          client.title,
          kind,
          await used.then(
            () => null,
            (error: unknown) => (error as Error).message,
          ),
        )
      }
      witness.close()
    } catch (error) {
      return [`the run broke off: ${(error as Error).message}`, ...(await server.stop())]
    }
    return server.stop()
  })
}

function planned({ clients, sample }: CredentialRun): readonly { readonly client: Client; readonly kind: CredentialKind }[] {
  const random = sample === null ? null : randomFrom(sample.seed)
  const kinds = (): readonly CredentialKind[] => {
    const at = random === null ? 0 : Math.floor(random() * CREDENTIAL_KINDS.length)
    return random === null ? CREDENTIAL_KINDS : CREDENTIAL_KINDS.slice(at, at + 1)
  }
  return clients.flatMap((client) => kinds().map((kind) => ({ client, kind })))
}

interface Place {
  readonly server: TestServer
  readonly maker: CredentialMaker
  readonly tools: Toolbox
  readonly directory: string
}

/** Throws with a sentence where something is not as it has to be. */
async function useOf(client: Client, kind: CredentialKind, { server, maker, tools, directory }: Place): Promise<void> {
  const shown = await maker.make(kind)
  const operations = await client.connect(tools, await targetOf(client, shown, server.target))
  const place = { bucket: BUCKET, key: `${OWN_PREFIX}${client.name} ${kind}` }
  const [file, back] = [join(directory, 'sent'), join(directory, 'back')]
  await writeFile(file, `${client.name} with a ${kind}`)
  await operations.put(place, file)
  await operations.get(place, back)
  if (!(await readFile(back)).equals(await readFile(file))) throw new Error('it comes back as other bytes')
  const listed = await operations.list(BUCKET)
  if (!listed.includes(place.key)) throw new Error('what it has written is not listed')
  if (listed.includes(HIDDEN.key)) throw new Error('it lists what it may not see')
  await mustBeRefused(operations, back)
}

async function mustBeRefused(operations: Operations, file: string): Promise<void> {
  const refused = await operations.get(HIDDEN, file).then(
    () => null,
    (error: unknown) => (error as Error).message,
  )
  if (refused === null) throw new Error('it reads what it may not')
  if (!/403|404|Access ?Denied|Forbidden|not (?:exist|found)/i.test(refused)) throw new Error(`it is refused otherwise: ${refused}`)
}

/** rclone has no word for a token service: it takes what another client was given there. */
async function targetOf(client: Client, shown: Shown, target: Target): Promise<Target> {
  const { webIdentity } = shown
  const objects = { ...target, isForObjects: true }
  if (webIdentity === undefined || client.name !== 'rclone') return { ...objects, ...shown }
  return { ...objects, ...(await assumeRole(target, webIdentity)) }
}
