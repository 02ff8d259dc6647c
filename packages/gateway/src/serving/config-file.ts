import { readFile } from 'node:fs/promises'
import { LIMITS, parseLimits } from './limits.ts'
import type { ServerLimits } from './limits.ts'

/** A pair of keys of an account. */
export interface AccountKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Somebody who owns buckets. */
export interface Account {
  /** Stands in the metadata of everything that is the account's: it must never be given to another one. */
  readonly id: string
  /** What it is called where owners are shown. Default: the id. */
  readonly displayName: string
  readonly email: string | null
  readonly keys: readonly AccountKey[]
}

/** What a config file says. */
export interface Config {
  readonly accounts: readonly Account[]
  /** Those that are not the default. */
  readonly limits: Partial<ServerLimits>
}

/** What is true without a config file. */
export const NO_CONFIG: Config = { accounts: [], limits: {} }

const ACCESS_KEY_ID = /^[A-Za-z0-9_.-]{3,128}$/
const SECRET_LENGTH_MIN = 8
const ID_BYTES_MAX = 256

/**
 * Reads a config file: JSON with `accounts`, each with `id`, `keys` and, if wanted, `displayName` and `email`; and with `limits`, those of
 * `LIMITS` by name. Either may be left out.
 * Throws with a sentence that names the place in the file for everything that is not as it should be, and for every name that nobody
 * knows; never with a secret.
 */
export async function readConfigFile(path: string): Promise<Config> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`The config file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  return parseConfig(text, path)
}

function parseConfig(text: string, path: string): Config {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own words quote the text, and so secrets.
    throw new Error(`The config file ${path} is not JSON.`)
  }
  const config = fields(value, { at: path, known: ['accounts', 'limits'] })
  const given = config['accounts'] === undefined ? [] : list(config['accounts'], `${path}: accounts`)
  const accounts = given.map((one, index) => readAccount(one, `${path}: accounts[${index}]`))
  refuseDoubles(accounts.map(({ id }) => id), `${path}: two accounts have the id`) // prettier-ignore
  refuseDoubles(accounts.flatMap(({ keys }) => keys.map(({ accessKeyId }) => accessKeyId)), `${path}: two keys have the id`) // prettier-ignore
  return { accounts, limits: config['limits'] === undefined ? {} : readLimits(config['limits'], `${path}: limits`) }
}

function readLimits(value: unknown, at: string): Partial<ServerLimits> {
  return parseLimits(fields(value, { at, known: Object.keys(LIMITS) }), at)
}

function readAccount(value: unknown, at: string): Account {
  const account = fields(value, { at, known: ['id', 'displayName', 'email', 'keys'] })
  const id = string(account['id'], `${at}.id`)
  if (Buffer.byteLength(id) > ID_BYTES_MAX) throw new Error(`${at}.id is longer than ${ID_BYTES_MAX} bytes.`)
  return {
    id,
    displayName: account['displayName'] === undefined ? id : string(account['displayName'], `${at}.displayName`),
    email: account['email'] === undefined ? null : string(account['email'], `${at}.email`),
    keys: list(account['keys'], `${at}.keys`).map((key, index) => readKey(key, `${at}.keys[${index}]`)),
  }
}

function readKey(value: unknown, at: string): AccountKey {
  const key = fields(value, { at, known: ['accessKeyId', 'secretAccessKey'] })
  const accessKeyId = string(key['accessKeyId'], `${at}.accessKeyId`)
  const secretAccessKey = string(key['secretAccessKey'], `${at}.secretAccessKey`)
  if (!ACCESS_KEY_ID.test(accessKeyId)) throw new Error(`${at}.accessKeyId must be 3 to 128 of A-Z a-z 0-9 _ . -`)
  if (secretAccessKey.length < SECRET_LENGTH_MIN)
    throw new Error(`${at}.secretAccessKey must have at least ${SECRET_LENGTH_MIN} characters.`)
  return { accessKeyId, secretAccessKey }
}

function fields(
  value: unknown,
  { at, known }: { readonly at: string; readonly known: readonly string[] },
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${at} is not an object in braces.`)
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      throw new Error(`${at}: nobody knows '${name}'. There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`)
  }
  return value as Readonly<Record<string, unknown>>
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${at} is not a list with something in it.`)
  return value
}

function string(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${at} is not a text.`)
  return value
}

function refuseDoubles(texts: readonly string[], complaint: string): void {
  const double = texts.find((text, index) => texts.indexOf(text) !== index)
  if (double !== undefined) throw new Error(`${complaint} ${double}.`)
}
