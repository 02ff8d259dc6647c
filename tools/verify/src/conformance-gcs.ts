import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { installedServer, withServer } from './servers.ts'
import type { Need, StepContext, StepResult, VerifyStep } from './step.ts'
import { runSuite } from './suite.ts'

const FOLDER = 'packages/backend-gcs/test/servers'
const PREFIX = 'STOWAGE_TEST_GCS_'
/** What runs in a minute or two. The rest are faults at every request, many of which are waited for. */
const SAMPLE: readonly string[] = ['backend-gcs.conformance', 'garbage', 'retry-api']

/** A service that the environment names. */
const inEnvironment: Need = {
  name: `a bucket in ${PREFIX}BUCKET, with credentials`,
  isMet: async () => process.env[`${PREFIX}BUCKET`] !== undefined && process.env[`${PREFIX}ENDPOINT`] === undefined,
}

/** The suite of backends over Cloud Storage, and faults in front of its emulators; each set-up that is missing is absent, and named so. */
export const conformanceGcs: readonly VerifyStep[] = [
  emulator({
    name: 'conformance-fake-gcs',
    server: 'fake-gcs-server',
    claim:
      'The whole suite of backends passes over @stowage/backend-gcs on fake-gcs-server, by single requests and by sessions; requests that fail lose nothing (but for interrupted sessions, which it cannot resume); the collector finds what puts left.',
    env: {},
  }),
  emulator({
    name: 'conformance-testbench',
    server: 'storage-testbench',
    claim:
      'The same on Google’s own storage-testbench, interrupted sessions included, and with the faults that it makes itself (its retry tests).',
    env: { [`${PREFIX}RETRY_API`]: '1' },
  }),
  {
    name: 'conformance-gcs',
    claim: 'The whole suite of backends passes over @stowage/backend-gcs on the bucket of Cloud Storage that the environment names.',
    needs: [inEnvironment],
    run: () => runSuite([`${FOLDER}/backend-gcs.conformance.test.ts`], {}),
  },
]

interface Emulator {
  readonly name: string
  /** Its script in tools/servers. */
  readonly server: string
  readonly claim: string
  readonly env: Readonly<Record<string, string>>
}

function emulator({ name, server, claim, env }: Emulator): VerifyStep {
  return { name, claim, needs: [installedServer(server)], run: (context) => runOn({ server, env }, context) }
}

function runOn({ server, env }: Pick<Emulator, 'server' | 'env'>, context: StepContext): Promise<StepResult> {
  const files = context.sample ? SAMPLE.filter((file) => file !== 'retry-api' || `${PREFIX}RETRY_API` in env) : []
  const paths = files.length === 0 ? [FOLDER] : files.map((file) => `${FOLDER}/${file}.test.ts`)
  return withTemporaryDirectory((state) =>
    withServer(server, state, async ({ endpoint, version }) => {
      const result = await runSuite(paths, { ...env, [`${PREFIX}ENDPOINT`]: endpoint, [`${PREFIX}BUCKET`]: 'blobs' })
      return { ...result, notes: [`on ${server} ${version}`] }
    }),
  )
}
