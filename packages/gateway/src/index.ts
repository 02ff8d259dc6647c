export { assemble, type Assembled, type AssembleOptions } from './assemble.ts'
export { runCli } from './run-cli.ts'
export type { CliContext, CliOutput, SignalSource } from './cli-context.ts'
export { type RunningServer, startServer, type StartServerOptions } from './start-server.ts'
