import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { runCommand } from './run-command.ts'
import { stowageCommand } from './server.ts'
import type { Need, StepResult, VerifyStep } from './step.ts'

/**
 * The clients whose lines a shell takes, as the box of `stowage serve` names them, and how each is known: Midnight Commander is an mc, too.
 * The line for the SDK is run by a test of the gateway.
 */
const CLIENTS = {
  aws: { title: 'AWS CLI', says: /aws-cli/ },
  rclone: { title: 'rclone', says: /rclone/ },
  s3cmd: { title: 's3cmd', says: /s3cmd/ },
  mc: { title: 'mc', says: /MinIO/ },
} as const

/** What the machine has comes last, so that `paste-mc` finds the one that tools/clients/install.sh has installed. */
const PATH = ['bin', 'venv/bin']
  .map((folder) => fileURLToPath(new URL(`../../clients/.installed/${folder}`, import.meta.url)))
  .concat(process.env['PATH'] ?? '')
  .join(delimiter)

/** One step for each line that `stowage serve` prints: run by a shell, exactly as it was printed. */
export const pastedLines: readonly VerifyStep[] = Object.entries(CLIENTS).map(([command, { title, says }]) => ({
  name: `paste-${command}`,
  claim: `The line for ${title} that stowage serve prints lists the bucket that is there, in a shell that knows nothing else.`,
  needs: [client(command, says)],
  run: () => withTemporaryDirectory((directory) => run(directory, title)),
}))

function client(command: string, says: RegExp): Need {
  return {
    name: command,
    isMet: async () => {
      const { code, stdout, stderr } = await runCommand('sh', ['-c', `command -v ${command} >/dev/null && ${command} --version`], {
        env: { ...process.env, PATH },
      })
      return code === 0 && says.test(stdout + stderr)
    },
  }
}

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
    const env = { PATH, HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' }
    const result = await runCommand('bash', ['-c', line], { env, cwd: directory, timeoutMs: 60_000 })
    const lists = result.code === 0 && result.stdout.includes('photos')
    return { cases: 1, failures: lists ? [] : [`${title} ended with ${result.code}: ${result.stdout}${result.stderr}`], notes: [] }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
