import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import type { StepResult, VerifyStep } from './step.ts'

const MAIN = fileURLToPath(new URL('../../packed/src/main.ts', import.meta.url))
const WHOLE_MS = 45 * 60_000

/** The packages as they are published. */
export const packed: VerifyStep = {
  name: 'packed',
  claim: 'Packed, installed in an empty folder and used from there on Node 22, 24 and 26: imports, types, command, bundles, Next.',
  needs: [],
  run: async ({ sample, seed }): Promise<StepResult> => {
    const args = ['-C', '@stowage/source', MAIN, ...(sample ? ['--sample', '--seed', String(seed)] : [])]
    const { code, stdout, stderr } = await runCommand(process.execPath, args, { timeoutMs: WHOLE_MS })
    const lines = stdout.trim().split('\n')
    const cases = Number(/^\d+ of (\d+) packed checks pass$/.exec(lines.at(-1) ?? '')?.[1] ?? 0)
    const failures = lines.filter((line) => /: FAIL /.test(line))
    if (code !== 0 && failures.length === 0) failures.push(stderr)
    return { cases, failures, notes: lines.filter((line) => line.startsWith('not to be had here')) }
  },
}
