import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { newAccessKeyPair } from '@stowage/credentials'

/** The account of those who start the server. */
export const ROOT_ACCOUNT = 'root'

/** A pair of S3 credentials. */
export interface RootCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Where a data directory keeps the credentials of the first start. */
export const CREDENTIALS_FILE = 'credentials.json'

/**
 * The credentials of the server's one account: from the environment, else those kept in the directory, else new ones,
 * which are then kept there (mode 0600). Without a directory new ones live as long as the process.
 */
export async function rootCredentials(
  env: Readonly<Record<string, string | undefined>>,
  directory: string | null,
): Promise<RootCredentials> {
  const fromEnvironment = readEnvironment(env)
  if (fromEnvironment !== null) return fromEnvironment
  if (directory === null) return newAccessKeyPair()
  return (await readKeptCredentials(directory)) ?? (await keep(join(directory, CREDENTIALS_FILE), newAccessKeyPair()))
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>): RootCredentials | null {
  const accessKeyId = env['STOWAGE_ACCESS_KEY_ID'] ?? ''
  const secretAccessKey = env['STOWAGE_SECRET_ACCESS_KEY'] ?? ''
  if (accessKeyId === '' && secretAccessKey === '') return null
  if (accessKeyId === '' || secretAccessKey === '') {
    throw new Error('STOWAGE_ACCESS_KEY_ID and STOWAGE_SECRET_ACCESS_KEY go together: set both, or neither.')
  }
  if (!/^[A-Za-z0-9_.-]{3,128}$/.test(accessKeyId)) {
    throw new Error('STOWAGE_ACCESS_KEY_ID must be 3 to 128 of A-Z a-z 0-9 _ . - (a slash would break the credential scope).')
  }
  if (secretAccessKey.length < 8) throw new Error('STOWAGE_SECRET_ACCESS_KEY must have at least 8 characters.')
  return { accessKeyId, secretAccessKey }
}

/** The credentials that a data directory keeps; null where it keeps none. Throws where the file is damaged. */
export async function readKeptCredentials(directory: string): Promise<RootCredentials | null> {
  let text: string
  try {
    text = await readFile(join(directory, CREDENTIALS_FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return parseKept(text)
}

function parseKept(text: string): RootCredentials {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  if (typeof value === 'object' && value !== null && 'accessKeyId' in value && 'secretAccessKey' in value) {
    const { accessKeyId, secretAccessKey } = value
    if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') return { accessKeyId, secretAccessKey }
  }
  throw new Error(
    `${CREDENTIALS_FILE} in the data directory is damaged. Give the credentials by environment, or delete the file to get new ones.`,
  )
}

async function keep(file: string, credentials: RootCredentials): Promise<RootCredentials> {
  // Under its name only when it is whole: a crash in between must not leave half a secret.
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(credentials, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
  return credentials
}
