import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program } from './needs.ts'
import { runCommand } from './run-command.ts'
import { stowageCommand } from './server.ts'
import type { StepResult, VerifyStep } from './step.ts'

/** The clients whose lines a shell takes, as the box of `stowage serve` names them; the line for the SDK is run by a test of the gateway. */
const CLIENTS = { aws: 'AWS CLI', rclone: 'rclone', s3cmd: 's3cmd', mc: 'mc' } as const

/** One step for each line that `stowage serve` prints: run by a shell, exactly as it was printed. */
export const pastedLines: readonly VerifyStep[] = Object.entries(CLIENTS).map(([command, title]) => ({
  name: `paste-${command}`,
  claim: `The line for ${title} that stowage serve prints lists the bucket that is there, in a shell that knows nothing else.`,
  needs: [program(command)],
  run: () => withTemporaryDirectory((directory) => run(directory, title)),
}))

async function run(directory: string, title: string): Promise<StepResult> {
  const [node = '', ...args] = stowageCommand(['serve', join(directory, 'data'), '--port', '0', '--bucket', 'photos'])
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let printed = ''
  try {
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += String(text)
      if (/^mc:\n.*\n/m.test(printed)) break
    }
    const line = new RegExp(`^${title}:\\n +(.*)$`, 'm').exec(printed)?.[1]
    if (line === undefined) return { cases: 1, failures: [`stowage serve prints no line for ${title}: ${printed}`], notes: [] }
    // A home of its own: what a client keeps, or finds, of others must not help it.
    const env = { PATH: process.env['PATH'], HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' }
    const result = await runCommand('bash', ['-c', line], { env, cwd: directory, timeoutMs: 60_000 })
    const lists = result.code === 0 && result.stdout.includes('photos')
    return { cases: 1, failures: lists ? [] : [`${title} ended with ${result.code}: ${result.stdout}${result.stderr}`], notes: [] }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
