import { join } from 'node:path'
import { runCommand } from '../../verify/src/run-command.ts'

/** Time for the slowest step of the slowest client on a busy machine: 200 MiB up. */
const COMMAND_TIMEOUT_MS = 300_000
const STDERR_CHARACTERS_MAX = 600

/** Finds what `tools/clients/install.sh` has installed, or else what is on the path. */
export interface Toolbox {
  /** The directory that was given to the script. */
  readonly directory: string
}

/** The path of a program, first in a folder of the toolbox, then of the machine; null where it is in neither. */
export async function findProgram({ directory }: Toolbox, folder: string, name: string): Promise<string | null> {
  for (const candidate of [join(directory, folder, name), name]) {
    if ((await runCommand('sh', ['-c', 'command -v "$0"', candidate])).code === 0) return candidate
  }
  return null
}

/** Like `findProgram`; throws where it is missing. */
export async function getProgram(tools: Toolbox, folder: string, name: string): Promise<string> {
  const found = await findProgram(tools, folder, name)
  if (found === null) throw new Error(`${name} is missing`)
  return found
}

/** The first version number that a command prints, or null where it fails. */
export async function versionFrom(command: string, args: readonly string[]): Promise<string | null> {
  const { code, stdout, stderr } = await runCommand(command, args, { env: clientEnvironment({}) })
  return code === 0 ? (/\d+(?:\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? null) : null
}

/** Runs a client; throws with what it said where it fails. */
export async function runProgram(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const result = await runCommand(command, args, { env: clientEnvironment(env), timeoutMs: COMMAND_TIMEOUT_MS })
  if (result.code === 0) return result.stdout
  const said = `${result.stderr.trim()} ${result.stdout.trim()}`.trim().slice(-STDERR_CHARACTERS_MAX)
  throw new Error(`ended with ${result.code ?? result.signal}: ${said}`)
}

/** Runs a client whose standard output is bytes, and goes to a file. */
export async function runProgramInto(file: string, command: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  await runProgram('sh', ['-c', 'exec "$@" > "$0"', file, ...command], env)
}

/** The machine's environment without what a user has set for the clients, and with UTF-8 for names. */
function clientEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:AWS_|RCLONE_|S3_|S3CMD_|https?_proxy$|all_proxy$)/i.test(name))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8', PYTHONUTF8: '1', ...env }
}
