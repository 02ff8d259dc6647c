import type { JsonValue } from '@stowage/core'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import type { CredentialAnswer, CredentialRequest } from '../administration/credential-request.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What every command about credentials may be told. */
export interface CredentialCommandOptions extends AdministeredStore {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Asks for something about projects, tokens or temporary credentials, and tells what became of it. Secrets are shown this once. */
export async function credentialsCommand(
  request: CredentialRequest,
  options: CredentialCommandOptions,
  context: CliContext,
): Promise<number> {
  const answer = await withAdministration({ ...options, env: context.env }, (administration) => administration.credentials(request))
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(answer) : `${JSON.stringify(plain(answer))}\n`)
  return EXIT.ok
}

function plain(answer: CredentialAnswer): unknown {
  if ('made' in answer) return answer.made
  return 'rows' in answer ? answer.rows : answer
}

function sentences(answer: CredentialAnswer): string {
  if ('rows' in answer) return answer.rows.map(line).join('')
  if ('resealed' in answer) return `Sealed anew: ${answer.resealed}.\n`
  if (!('made' in answer)) return 'Done.\n'
  const made = Object.entries(answer.made)
  const width = Math.max(...made.map(([name]) => name.length))
  const lines = made.map(([name, value]) => `${name.padEnd(width)}   ${value}\n`).join('')
  return `${lines}\nSecrets are shown this once: nobody can read them again.\n`
}

/** What is set, without the names that say little: id first, as the row has it. */
function line(row: Readonly<Record<string, JsonValue>>): string {
  const facts = Object.entries(row)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return name === 'id' || name === 'ref' ? text : `${name} ${text}`
    })
  return `${facts.join(', ')}\n`
}
