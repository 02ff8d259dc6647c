import type { CommitObjectCommand, CommitObjectOutcome } from '../../commands.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

/** Input and outcome of every command, by name. */
export interface CommandTypes {
  commitObject: { readonly input: CommitObjectCommand; readonly outcome: CommitObjectOutcome }
}
/** The closed list of commands: what crosses to the writer thread is a name of it and plain data. */
export type CommandName = keyof CommandTypes
export type CommandInput<N extends CommandName> = CommandTypes[N]['input']
export type CommandOutcome<N extends CommandName> = CommandTypes[N]['outcome']
/** A program that writes. */
export type CommandProgram<N extends CommandName> = (context: SqlContext, input: CommandInput<N>) => SqlProgram<CommandOutcome<N>>
