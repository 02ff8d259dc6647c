import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { program } from './needs.ts'
import { runCommand } from './run-command.ts'
import type { Need, StepContext, StepResult, VerifyStep } from './step.ts'

const MAIN = fileURLToPath(new URL('../../clients/src/main.ts', import.meta.url))
const DRIVER = new URL('../../clients/.installed/bin/minio-go-driver', import.meta.url)
const TIMEOUT_MS = 3_600_000

/** The last thing that the script installs of what the matrix runs. */
const installed: Need = {
  name: 'what tools/clients/install.sh installs',
  isMet: () =>
    access(DRIVER).then(
      () => true,
      () => false,
    ),
}

/** `npm run clients`, the whole of it. */
export const clients: VerifyStep = {
  name: 'clients',
  claim:
    'AWS SDK, AWS CLI, boto3, rclone, s3cmd and minio-go do what people do with them, over HTTP and HTTPS, as the table in README.md says.',
  needs: [installed, program('rclone'), program('s3cmd')],
  run,
}

async function run({ seed, sample }: StepContext): Promise<StepResult> {
  const options = sample ? ['--sample', '--seed', String(seed)] : []
  const { code, stdout, stderr } = await runCommand(process.execPath, ['-C', '@stowage/source', MAIN, ...options], {
    timeoutMs: TIMEOUT_MS,
  })
  const lines = `${stdout}${stderr}`.trim().split('\n')
  const [, run = '0'] = /^\d+ of (\d+) client checks pass$/.exec(lines.at(-1) ?? '') ?? []
  const failures =
    code === 0 ? [] : [...lines.filter((line) => /^(?:✗|missing:|the table)/.test(line)), `it ended with ${code}: ${lines.at(-1)}`]
  return { cases: Number(run), failures, notes: lines.filter((line) => line.startsWith('== ')).map((line) => line.slice('== '.length)) }
}
