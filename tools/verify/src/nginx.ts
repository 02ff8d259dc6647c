import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { freePort } from '../../../packages/core/test/free-port.ts'
import { clientOf } from './client.ts'
import { contentOf } from './crash/content.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program } from './needs.ts'
import { startStowage } from './server.ts'
import type { Ready } from './server.ts'
import type { StepResult, VerifyStep } from './step.ts'

const PAGE = new URL('../../../docs/embedding.md', import.meta.url)
const MOUNT = '/storage/v1/s3'
const KEYS = ['plain', 'with space', 'plus+', 'per%cent', '50%25', 'a//b', 'a/../b', './x', 'slash/', 'and&amp;', '🐈', 'k'.repeat(1024)]

/** Ways to stand behind nginx: what is changed in the configuration of the page, and what serve is told. */
const WAYS: readonly {
  readonly name: string
  readonly change: (block: string) => string
  readonly args: (url: string) => readonly string[]
}[] = [
  { name: 'as in docs/embedding.md', change: (block) => block, args: (url) => ['--public-url', url] },
  {
    name: 'with a Host that nginx rewrites',
    change: (block) => block.replace(/^ *proxy_set_header Host.*$/m, ''),
    args: (url) => ['--public-url', url],
  },
  {
    name: 'with headers that say it',
    change: (block) =>
      block.replace(
        /^ *proxy_set_header Host.*$/m,
        'proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;',
      ),
    // The mount stays on the path: only who is told of it can take it off.
    args: (url) => ['--trusted-proxy', '127.0.0.1', '--public-url', url],
  },
]

/** S3 at a path behind nginx. */
export const nginx: VerifyStep = {
  name: 'nginx',
  claim: 'Behind nginx at /storage/v1/s3, set up as docs/embedding.md says: every name, a body of 64 MiB, and no other path.',
  needs: [program('nginx')],
  run: () => withTemporaryDirectory(run),
}

async function run(directory: string): Promise<StepResult> {
  const block = /^```nginx\n(.*?)^```$/ms.exec(await readFile(PAGE, 'utf8'))?.[1]
  if (block === undefined) return { cases: 1, failures: ['docs/embedding.md has no nginx configuration'], notes: [] }
  const failures: string[] = []
  let cases = 0
  for (const [index, way] of WAYS.entries()) {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}${MOUNT}`
    const server = await startStowage([join(directory, `data-${index}`), '--bucket', 'photos', ...way.args(url)])
    const proxy = await startNginx(join(directory, `nginx-${index}`), {
      port,
      block: way.change(block.replace(/http:\/\/127\.0\.0\.1:9000/, server.ready.endpoint)),
    })
    try {
      cases += KEYS.length + 3
      failures.push(...(await use({ ...server.ready, endpoint: url })).map((failure) => `${way.name}: ${failure}`))
    } finally {
      await proxy.stop()
      server.process.kill('SIGTERM')
      await server.ended
    }
  }
  return { cases, failures, notes: [] }
}

async function use(ready: Ready): Promise<readonly string[]> {
  const client = clientOf(ready)
  const failures: string[] = []
  const expect = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    const problem = await holds().then((isSo) => (isSo ? null : 'is not so'), String)
    if (problem !== null) failures.push(`${what}: ${problem}`)
  }
  const Bucket = 'photos'
  for (const Key of KEYS) {
    await expect(`${Key} comes back`, async () => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: `of ${Key}` }))
      return (await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()) === `of ${Key}`
    })
  }
  await expect('the listing has them all', async () => (await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount === KEYS.length)
  await expect('64 MiB come back', async () => {
    const Body = contentOf(`${64 * 1024 * 1024}:large`)
    await client.send(new PutObjectCommand({ Bucket, Key: 'large', Body }))
    const bytes = await (await client.send(new GetObjectCommand({ Bucket, Key: 'large' }))).Body?.transformToByteArray()
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'large' }))
    return bytes !== undefined && Buffer.from(bytes).equals(Body)
  })
  await expect('nobody else is let in', async () => (await fetch(`${ready.endpoint}/photos/plain`)).status === 403)
  client.destroy()
  return failures
}

/** Starts nginx in the foreground, with everything that it writes in a directory of its own. */
async function startNginx(
  prefix: string,
  { port, block }: { readonly port: number; readonly block: string },
): Promise<{ stop(): Promise<void> }> {
  const file = `${prefix}.conf`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}-${name};`).join(' ')
  await writeFile(
    file,
    `daemon off; master_process off; pid ${prefix}.pid; error_log stderr;\nevents {}\nhttp { access_log off; ${temporary}\nserver { listen 127.0.0.1:${port};\n${block}\n} }\n`,
  )
  const child = spawn('nginx', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  for (let looks = 0; looks < 100; looks += 1) {
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false) // prettier-ignore
    if (answers) return { stop }
    await wait(50)
  }
  await stop()
  throw new Error(`nginx does not answer: ${stderr}`)
}
