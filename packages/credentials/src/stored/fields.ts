import { StorageError } from '@stowage/core'
import type { JsonValue } from '@stowage/core'

/**
 * The fields of a stored document. Each method gives one of them back as what it must be; else it throws `StoreUnavailable`: what is
 * not understood whole is not used.
 */
export class Fields {
  readonly #fields: Readonly<Record<string, JsonValue | undefined>>

  constructor(body: JsonValue | undefined) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw damaged()
    // What is neither null nor a list is an object.
    this.#fields = body as Readonly<Record<string, JsonValue>>
  }

  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string') throw damaged()
    return value
  }

  textOrNull(name: string): string | null {
    return this.#fields[name] === null ? null : this.text(name)
  }

  flag(name: string): boolean {
    const value = this.#fields[name]
    if (typeof value !== 'boolean') throw damaged()
    return value
  }

  time(name: string): Date {
    const value = this.#fields[name]
    if (typeof value !== 'number') throw damaged()
    return new Date(value)
  }

  timeOrNull(name: string): Date | null {
    return this.#fields[name] === null ? null : this.time(name)
  }

  list(name: string): readonly JsonValue[] {
    const value = this.#fields[name]
    if (!Array.isArray(value)) throw damaged()
    return value
  }

  textsOrNull(name: string): readonly string[] | null {
    if (this.#fields[name] === null) return null
    const value = this.list(name)
    return value.map((each) => {
      if (typeof each !== 'string') throw damaged()
      return each
    })
  }

  json(name: string): JsonValue {
    return this.#fields[name] ?? null
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const text = this.text(name)
    const found = values.find((value) => value === text)
    if (found === undefined) throw damaged()
    return found
  }
}

/** The error of a stored document that cannot be read. */
export function damaged(cause?: unknown): StorageError<'StoreUnavailable'> {
  const reason = 'a stored credential says what this release does not understand'
  return new StorageError('StoreUnavailable', { store: 'credentials', reason }, { cause })
}
