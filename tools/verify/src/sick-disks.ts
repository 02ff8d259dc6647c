import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { fsck } from '@stowage/core'
import { clientOf } from './client.ts'
import { fullTenant } from './full-tenant.ts'
import { openStores } from './crash/stores.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { root } from './needs.ts'
import { mustRun, runCommand } from './run-command.ts'
import { startStowage, stowageCommand } from './server.ts'
import type { StepResult, VerifyStep } from './step.ts'
import { withTmpfs } from './with-tmpfs.ts'

const MIB = 1024 * 1024

/** A disk that is full, also for one tenant of several, a disk that is read-only, and a directory that another process has. */
export const sickDisks: VerifyStep = {
  name: 'sick-disks',
  claim:
    'A full disk answers 507, a read-only one 503 or an exit code with a sentence; nothing acknowledged is lost, reads go on, and so do other tenants.',
  needs: [root],
  run: () => withTemporaryDirectory(run),
}

async function run(directory: string): Promise<StepResult> {
  const failures = [
    ...(await fullDisk(join(directory, 'full'))),
    ...(await readOnlyDisk(join(directory, 'read-only'))),
    ...(await directoryInUse(join(directory, 'in-use'))),
    ...(await fullTenant(join(directory, 'tenants'))),
  ]
  return { cases: 4, failures, notes: [] }
}

function fullDisk(mountPoint: string): Promise<readonly string[]> {
  return withTmpfs(mountPoint, '24m', async () => {
    const failures: string[] = []
    const data = join(mountPoint, 'data')
    const server = await startStowage([data, '--bucket', 'full'])
    const client = clientOf(server.ready)
    const kept: string[] = []
    let refused = 0
    for (const size of [MIB, 2000]) {
      for (let number = 0; number < 20_000 && refused < (size === MIB ? 3 : 6); number++) {
        const Key = `object-${size}-${number}`
        try {
          await client.send(new PutObjectCommand({ Bucket: 'full', Key, Body: Buffer.alloc(size, number) }))
          kept.push(Key)
        } catch (error) {
          const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
          if (status !== 507) failures.push(`a put on the full disk answered ${status}: ${String(error)}`)
          refused += 1
        }
      }
    }
    if (refused === 0) failures.push('the disk never got full')
    for (const Key of kept) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'full', Key }))
      const bytes = await Body?.transformToByteArray()
      if (bytes?.length !== Number(Key.split('-')[1])) failures.push(`${Key} was acknowledged and is not whole`)
    }
    server.process.kill('SIGTERM')
    const code = await server.ended
    if (code !== 0) failures.push(`the server on the full disk ended with ${code}: ${server.stderr()}`)
    failures.push(...(await damage(data)))
    return failures
  })
}

async function readOnlyDisk(mountPoint: string): Promise<readonly string[]> {
  return withTmpfs(mountPoint, '64m', async () => {
    const failures: string[] = []
    const data = join(mountPoint, 'data')
    const server = await startStowage([data, '--bucket', 'read-only'])
    const client = clientOf(server.ready)
    await client.send(new PutObjectCommand({ Bucket: 'read-only', Key: 'before', Body: Buffer.alloc(MIB) }))
    await mustRun('mount', ['-o', 'remount,ro,force', mountPoint]).catch(async () =>
      mustRun('mount', ['-o', 'remount,ro', mountPoint]).catch(() => ''),
    )
    server.process.kill('SIGTERM')
    await server.ended
    await mustRun('mount', ['-o', 'remount,ro', mountPoint])
    const [command = '', ...args] = stowageCommand(['serve', data, '--port', '0', '--json'])
    const again = await runCommand(command, args, { timeoutMs: 20_000 })
    if (again.code !== 2) failures.push(`serve on a read-only disk ended with ${again.code}`)
    if (!/^stowage: .*\S/m.test(again.stderr) || /\n\s+at /.test(again.stderr))
      failures.push(`serve on a read-only disk does not say what is wrong: ${again.stderr}`)
    await mustRun('mount', ['-o', 'remount,rw', mountPoint])
    const third = await startStowage([data])
    await clientOf(third.ready).send(new HeadObjectCommand({ Bucket: 'read-only', Key: 'before' }))
    third.process.kill('SIGTERM')
    await third.ended
    failures.push(...(await damage(data)))
    return failures
  })
}

async function directoryInUse(data: string): Promise<readonly string[]> {
  const failures: string[] = []
  const server = await startStowage([data])
  const [serve = '', ...serveArgs] = stowageCommand(['serve', data, '--port', '0'])
  const second = await runCommand(serve, serveArgs, { timeoutMs: 20_000 })
  if (second.code !== 2) failures.push(`serve on a directory in use ended with ${second.code}`)
  if (!/in use|another process/i.test(second.stderr) || /\n\s+at /.test(second.stderr))
    failures.push(`serve on a directory in use says: ${second.stderr}`)
  // The server that has it open answers for it.
  const [fsck = '', ...fsckArgs] = stowageCommand(['fsck', data])
  const checked = await runCommand(fsck, fsckArgs, { timeoutMs: 20_000 })
  if (checked.code !== 0 || checked.stderr !== '') failures.push(`fsck on a directory in use ended with ${checked.code}: ${checked.stderr}`)
  const client = clientOf(server.ready)
  await client.send(new CreateBucketCommand({ Bucket: 'still-here' }))
  server.process.kill('SIGTERM')
  if ((await server.ended) !== 0) failures.push(`the first server did not end well: ${server.stderr()}`)
  await chmod(data, 0o700)
  return failures
}

async function damage(data: string): Promise<readonly string[]> {
  const { metadata, backend } = openStores(data)
  const report = await fsck({ metadata, backends: { main: backend }, deep: true })
  return report.findings.filter(({ severity }) => severity === 'damage').map((finding) => `fsck: ${JSON.stringify(finding)}`)
}
