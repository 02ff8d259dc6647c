import type { Need } from './step.ts'
import { runCommand } from './run-command.ts'

/** A program on the path. */
export function program(name: string): Need {
  return { name, isMet: async () => (await runCommand('sh', ['-c', `command -v ${name}`])).code === 0 }
}

/** Mounting a file as a disk wants root, and a kernel with loop devices. */
export const root: Need = { name: 'root', isMet: async () => process.getuid?.() === 0 }

/** Tracing another process, which containers may forbid. */
export const ptrace: Need = {
  name: 'strace that may trace',
  isMet: async () => (await runCommand('sh', ['-c', 'strace -e trace=none true'])).code === 0,
}
