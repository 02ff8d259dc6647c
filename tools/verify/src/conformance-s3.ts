import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program } from './needs.ts'
import { runCommand } from './run-command.ts'
import { installedServer, withServer } from './servers.ts'
import type { Need, StepResult, VerifyStep } from './step.ts'

const SUITE = fileURLToPath(new URL('./conformance/s3-suite.ts', import.meta.url))
const TIMEOUT_MS = 20 * 60_000
const PREFIX = 'STOWAGE_TEST_S3_'

/** Which bucket of which service; the names of `conformance/s3-suite.ts` without their beginning. */
type Setting = Readonly<Record<string, string>>

/** A report of `@stowage/conformance`. */
interface Report {
  readonly cases: readonly { readonly case: string; readonly outcome: string }[]
}

/** A service that the machine, or the environment, has. */
const inEnvironment: Need = {
  name: `a bucket in ${PREFIX}BUCKET, with credentials`,
  isMet: async () => process.env[`${PREFIX}BUCKET`] !== undefined,
}

/** The suite of backends over S3 that others wrote; each set-up that is missing is absent, and named so. */
export const conformanceS3: readonly VerifyStep[] = [
  foreign({ name: 'versitygw', title: 'versitygw, over files', needs: [installedServer('versitygw')] }),
  foreign({ name: 'minio', title: 'MinIO', needs: [installedServer('minio')] }),
  foreign({ name: 'ceph-rgw', title: 'the object gateway of Ceph', needs: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'].map(program) }),
  {
    name: 'conformance-s3',
    claim: 'The whole suite of backends passes over @stowage/backend-s3 on the service that the environment names.',
    needs: [inEnvironment],
    run: () => runSuite({}, process.env[`${PREFIX}ENDPOINT`] ?? 'AWS'),
  },
]

function foreign({ name, title, needs }: { readonly name: string; readonly title: string; readonly needs: readonly Need[] }): VerifyStep {
  return {
    name: `conformance-${name}`,
    claim: `The whole suite of backends passes over @stowage/backend-s3 on ${title}.`,
    needs,
    run: () =>
      withTemporaryDirectory((state) =>
        withServer(name, state, ({ endpoint, region, accessKeyId, secretAccessKey, version }) =>
          runSuite(
            {
              BUCKET: 'blobs',
              MAKE: '1',
              ENDPOINT: endpoint,
              REGION: region,
              ACCESS_KEY_ID: accessKeyId,
              SECRET_ACCESS_KEY: secretAccessKey,
            },
            `${title} ${version}`,
          ),
        ),
      ),
  }
}

function runSuite(setting: Setting, service: string): Promise<StepResult> {
  return withTemporaryDirectory(async (directory) => {
    const evidence = join(directory, 'evidence.json')
    const ours = Object.entries({ ...setting, EVIDENCE: evidence }).map(([name, value]) => [PREFIX + name, value])
    const { code, stdout, stderr } = await runCommand(process.execPath, ['-C', '@stowage/source', '--test-reporter=tap', SUITE], {
      timeoutMs: TIMEOUT_MS,
      env: { ...process.env, ...Object.fromEntries(ours) },
    })
    const cases = await readReport(evidence)
    const failed = cases.filter(({ outcome }) => outcome !== 'passed').map((each) => `${each.case}: ${each.outcome}`)
    const failures = code === 0 || failed.length > 0 ? failed : [`the suite ended with ${code}: ${`${stdout}${stderr}`.slice(-2000)}`]
    // A run that was cut off writes no report, and one of no case proves nothing.
    if (failures.length === 0 && cases.length === 0) failures.push('the suite wrote no report')
    return { cases: cases.length, failures, notes: [`on ${service}`] }
  })
}

async function readReport(file: string): Promise<Report['cases']> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as Report).cases
  } catch {
    return []
  }
}
