import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentOf } from './crash/content.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program } from './needs.ts'
import { runCommand } from './run-command.ts'
import { startStowage } from './server.ts'
import type { StepResult, VerifyStep } from './step.ts'

/** Names that a file system holds and that protocols stumble over. */
const NAMES = [
  'plain.txt',
  'with space.txt',
  'plus+sign',
  'per%cent',
  'and&amp;',
  'emoji-🐈.bin',
  'quote\'"s',
  'deep/er/still/file',
  'empty',
]

/** A newcomer's first minutes, with the AWS CLI. */
export const awsCli: VerifyStep = {
  name: 'aws-cli',
  claim:
    'aws s3 mb, cp, sync, ls, mv, rm and rb work, a 64 MiB multipart upload and hostile names included, and what comes back is what went in.',
  needs: [program('aws')],
  run: () => withTemporaryDirectory(run),
}

async function run(directory: string): Promise<StepResult> {
  const server = await startStowage([join(directory, 'data')])
  const failures: string[] = []
  let cases = 0
  const aws = async (...args: readonly string[]): Promise<string> => {
    cases += 1
    const result = await runCommand('aws', args, {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: server.ready.endpoint,
        AWS_REGION: server.ready.region,
        AWS_ACCESS_KEY_ID: server.ready.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.ready.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    })
    if (result.code !== 0) failures.push(`aws ${args.join(' ')} ended with ${result.code}: ${result.stderr}`)
    return result.stdout
  }
  const expect = (what: string, holds: boolean): void => {
    cases += 1
    if (!holds) failures.push(what)
  }
  await walkThrough(directory, aws, expect)
  server.process.kill('SIGTERM')
  expect('the server ends well on SIGTERM', (await server.ended) === 0)
  return { cases, failures, notes: [(await runCommand('aws', ['--version'])).stdout.trim()] }
}

type Aws = (...args: readonly string[]) => Promise<string>
type Expect = (what: string, holds: boolean) => void

async function walkThrough(directory: string, aws: Aws, expect: Expect): Promise<void> {
  const tree = join(directory, 'tree')
  const back = join(directory, 'back')
  for (const name of NAMES) {
    await mkdir(join(tree, name, '..'), { recursive: true })
    await writeFile(join(tree, name), contentOf(name === 'empty' ? '0:empty' : `${1000 + name.length}:${name}`))
  }
  await writeFile(join(directory, 'large'), contentOf(`${64 * 1024 * 1024 + 17}:large`))
  await aws('s3', 'mb', 's3://first')
  expect('ls shows the bucket', (await aws('s3', 'ls')).includes('first'))
  await aws('s3', 'sync', tree, 's3://first/tree')
  expect(
    'ls --recursive shows every file',
    (await aws('s3', 'ls', '--recursive', 's3://first/')).trim().split('\n').length === NAMES.length,
  )
  await aws('s3', 'sync', 's3://first/tree', back)
  for (const name of NAMES)
    expect(`${name} comes back as it was`, (await readFile(join(tree, name))).equals(await readFile(join(back, name))))
  expect('a second sync has nothing to do', (await aws('s3', 'sync', tree, 's3://first/tree')).trim() === '')
  await aws('s3', 'cp', join(directory, 'large'), 's3://first/large')
  await aws('s3', 'cp', 's3://first/large', join(directory, 'large-back'))
  expect('64 MiB come back as they were', (await readFile(join(directory, 'large'))).equals(await readFile(join(directory, 'large-back'))))
  await aws('s3', 'cp', 's3://first/tree/plain.txt', 's3://first/copy.txt')
  await aws('s3', 'mv', 's3://first/copy.txt', 's3://first/moved.txt')
  expect('a copy can be read', (await aws('s3', 'cp', 's3://first/moved.txt', '-')).length > 0)
  expect('ls with a delimiter shows the folder', (await aws('s3', 'ls', 's3://first/')).includes('PRE tree/'))
  expect(
    'a range is served',
    (await aws('s3api', 'get-object', '--bucket', 'first', '--key', 'large', '--range', 'bytes=5-14', join(directory, 'range'))).includes(
      'bytes 5-14/',
    ),
  )
  expect(
    'the range is right',
    (await readFile(join(directory, 'range'))).equals((await readFile(join(directory, 'large'))).subarray(5, 15)),
  )
  await aws('s3', 'rm', '--recursive', 's3://first/')
  expect('nothing is left', (await aws('s3', 'ls', '--recursive', 's3://first/')).trim() === '')
  await aws('s3', 'rb', 's3://first')
  expect('the bucket is gone', !(await aws('s3', 'ls')).includes('first'))
}
