/**
 * An object that somebody wrote (a file, another process), taken apart field by field: each that is not as it should be, and in the end
 * each that nobody asked for, is an error with its place.
 */
export class CheckedFields {
  readonly at: string
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #asked = new Set<string>()

  constructor(value: unknown, at: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${at} is not an object with named fields.`)
    this.at = at
    this.#fields = value as Readonly<Record<string, unknown>>
  }

  /** Whether the field is there: null counts as not. */
  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  /** Whatever the field holds; undefined where there is none, or null. */
  value(name: string): unknown {
    this.#asked.add(name)
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined
  }

  text(name: string): string {
    const text = this.optionalText(name)
    if (text === null) throw new Error(`${this.at}.${name} is missing.`)
    return text
  }

  /** Null where there is none. */
  optionalText(name: string): string | null {
    const value = this.value(name)
    if (value === undefined) return null
    if (typeof value !== 'string') throw new Error(`${this.at}.${name} is not a text: put it in quotes.`)
    return value
  }

  /** A whole number from 0; null where there is none. */
  optionalCount(name: string): number | null {
    const value = this.value(name)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new Error(`${this.at}.${name} is not a whole number from 0.`)
    return value
  }

  /** False where there is none. */
  flag(name: string): boolean {
    const value = this.value(name)
    if (value !== undefined && typeof value !== 'boolean') throw new Error(`${this.at}.${name} is neither true nor false.`)
    return value ?? false
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const text = this.text(name)
    const found = values.find((value) => value === text)
    if (found === undefined) throw new Error(`${this.at}.${name} is '${text}', and should be one of ${values.join(', ')}.`)
    return found
  }

  /** Empty where there is none. */
  list(name: string): readonly unknown[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw new Error(`${this.at}.${name} is not a list.`)
    return value
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value, at) => {
      if (typeof value !== 'string') throw new Error(`${this.at}.${name}[${at}] is not a text.`)
      return value
    })
  }

  /** Null where there is none. */
  fields(name: string): CheckedFields | null {
    const value = this.value(name)
    return value === undefined ? null : new CheckedFields(value, `${this.at}.${name}`)
  }

  /** Names with a text each; empty where there is none. */
  textsByName(name: string): Readonly<Record<string, string>> {
    return this.#byName(name, 'a text', (value) => typeof value === 'string')
  }

  /** Names with a text, a number, true or false each; empty where there is none. */
  scalarsByName(name: string): Readonly<Record<string, string | number | boolean>> {
    return this.#byName(name, 'a text, a number, true or false', (value) => ['string', 'number', 'boolean'].includes(typeof value))
  }

  #byName<T>(name: string, what: string, isOne: (value: unknown) => boolean): Readonly<Record<string, T>> {
    const fields = this.fields(name)
    if (fields === null) return {}
    for (const [key, value] of Object.entries(fields.#fields)) {
      if (!isOne(value)) throw new Error(`${fields.at}.${key} is not ${what}.`)
    }
    return fields.#fields as Readonly<Record<string, T>>
  }

  /** Throws where there is a field that was not asked for. */
  end(): void {
    const unknown = Object.keys(this.#fields).find((name) => !this.#asked.has(name))
    if (unknown !== undefined) throw new Error(`${this.at}: nobody knows '${unknown}'. There are ${[...this.#asked].join(', ')}.`)
  }
}
