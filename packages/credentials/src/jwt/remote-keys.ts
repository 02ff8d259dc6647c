import type { Clock } from '@stowage/core'
import { readJsonObject } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'
import { fetchDocument, parseDocumentUrl } from './fetch-document.ts'
import type { JwtKeySource } from './jwt-key-source.ts'
import { jwksMembers, jwtKeyFromJwk, type JwtKey, keysByKid } from './jwt-key.ts'

/** Where an issuer publishes its keys, and how they are kept. */
export interface RemoteKeysOptions {
  /** The address of the JWKS, `https://…`. */
  readonly url: string
  /** What ages are measured with. */
  readonly clock: Clock
  /** Keys older than this are read again, in passing; older than twice as much, before they are used. Default 300. */
  readonly refreshSeconds?: number
  /** Between two readings, so that neither an outage nor tokens with invented names make us a nuisance. Default 30. */
  readonly cooldownSeconds?: number
  /** How long keys are used while the issuer cannot be asked; after that every token is refused. Default 86,400. */
  readonly outageSecondsMax?: number
  /** Of one reading, from the first byte to the last. Default 5,000. */
  readonly timeoutMilliseconds?: number
  /** Of the JWKS. Default 65,536. */
  readonly bytesMax?: number
  /** Keys beyond it are not looked at. Default 100. */
  readonly keysMax?: number
  /** Whether the address may be of plain http: only for tests and networks of one's own. Default false. */
  readonly allowHttp?: boolean
  /** Whether the host may be this machine or one of its network. Default false. */
  readonly allowPrivateAddresses?: boolean
}

interface KnownKeys {
  readonly byKid: ReadonlyMap<string | null, readonly JwtKey[]>
  readonly readAt: number
}

const DEFAULTS = {
  refreshSeconds: 300,
  cooldownSeconds: 30,
  outageSecondsMax: 86_400,
  timeoutMilliseconds: 5000,
  bytesMax: 65_536,
  keysMax: 100,
  allowHttp: false,
  allowPrivateAddresses: false,
}

/**
 * The keys that an issuer publishes as a JWKS. Read when the first token asks, and not before; again as they age, and once for a name
 * that is not among them, which is how a rotation is noticed. Only keys with a name, and never a shared secret: it was published.
 *
 * While the issuer cannot be asked, the keys of the last reading are used, up to a limit; then tokens fail with `keys-unavailable`.
 * Throws a `TypeError` for an address that is not allowed.
 */
export function remoteKeys(options: RemoteKeysOptions): JwtKeySource {
  return new RemoteKeys(options)
}

class RemoteKeys implements JwtKeySource {
  readonly #options: RemoteKeysOptions & typeof DEFAULTS
  readonly #url: URL
  #known: KnownKeys | null = null
  #lastTry: { readonly at: number; readonly error: unknown } | null = null
  #reading: Promise<void> | null = null

  constructor(options: RemoteKeysOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#url = parseDocumentUrl(options.url, this.#options.allowHttp)
  }

  async find(kid: string | null): Promise<readonly JwtKey[]> {
    if (kid === null) return []
    const { refreshSeconds } = this.#options
    const age = this.#age()
    if (age > 2 * refreshSeconds) await this.#read()
    else if (age > refreshSeconds) void this.#read()
    const found = this.#usable().get(kid)
    if (found !== undefined) return found
    await this.#read()
    const foundNow = this.#usable().get(kid)
    if (foundNow !== undefined) return foundNow
    // It may be one of the new names, and there is nobody to ask.
    if (this.#lastTry?.error !== null) throw this.#unavailable()
    return []
  }

  #now(): number {
    return this.#options.clock().getTime() / 1000
  }

  #age(): number {
    return this.#known === null ? Number.POSITIVE_INFINITY : this.#now() - this.#known.readAt
  }

  #usable(): KnownKeys['byKid'] {
    if (this.#known === null || this.#age() > this.#options.outageSecondsMax) throw this.#unavailable()
    return this.#known.byKid
  }

  #unavailable(): TokenError {
    return new TokenError('keys-unavailable', 'The keys of the issuer cannot be read at the moment.', { cause: this.#lastTry?.error })
  }

  /** Reads the keys unless that was tried just now. Never fails: what came of it is in `#lastTry`. */
  #read(): Promise<void> {
    if (this.#reading !== null) return this.#reading
    const now = this.#now()
    if (this.#lastTry !== null && now - this.#lastTry.at < this.#options.cooldownSeconds) return Promise.resolve()
    this.#reading = this.#readOnce(now).finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readOnce(now: number): Promise<void> {
    const { timeoutMilliseconds, bytesMax, keysMax, allowPrivateAddresses } = this.#options
    const limits = { timeoutMilliseconds, bytesMax, allowPrivateAddresses }
    try {
      const bytes = await fetchDocument({ url: this.#url, ...limits })
      const jwks = readJsonObject(bytes)
      if (jwks === null) throw new Error('the answer is no JSON object')
      const keys = jwksMembers(jwks).slice(0, keysMax).flatMap(publishedKey)
      this.#known = { byKid: keysByKid(keys), readAt: now }
      this.#lastTry = { at: now, error: null }
    } catch (error) {
      this.#lastTry = { at: now, error }
    }
  }
}

/** A key that cannot be used here is passed over: issuers publish others beside it, for other purposes. */
function publishedKey(jwk: Parameters<typeof jwtKeyFromJwk>[0]): readonly JwtKey[] {
  if (jwk['kty'] === 'oct' || typeof jwk['kid'] !== 'string') return []
  try {
    return [jwtKeyFromJwk(jwk)]
  } catch {
    return []
  }
}
