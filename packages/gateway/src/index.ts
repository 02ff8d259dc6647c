export { assemble, type Assembled, type AssembleOptions } from './serving/assemble.ts'
export { runCli } from './commands/run-cli.ts'
export type { CliContext, CliOutput, SignalSource } from './commands/cli-context.ts'
export { type RunningServer, startServer, type StartServerOptions } from './serving/start-server.ts'
