import { StorageError } from '../../errors/storage-error.ts'

/** An object of a policy document, taken apart with the place in mind. Every failure is `MalformedPolicy`. */
export class PolicyReader {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #place: string

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(place, 'is not an object')
    this.#fields = value as Readonly<Record<string, unknown>>
    this.#place = place
  }

  /** Where a field is, for messages. */
  at(name: string): string {
    return this.#place === 'the policy' ? name : `${this.#place}.${name}`
  }

  get names(): readonly string[] {
    return Object.keys(this.#fields)
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name)
  }

  /** Refuses every field that is not among these. */
  only(names: readonly string[]): void {
    for (const name of this.names) if (!names.includes(name)) throw malformed(this.at(name), 'is nothing that a policy may say here')
  }

  /** The one of two fields that is there. */
  oneOf(a: string, b: string): string {
    if (this.has(a) === this.has(b)) throw malformed(this.#place, `has ${this.has(a) ? `both ${a} and ${b}` : `neither ${a} nor ${b}`}`)
    return this.has(a) ? a : b
  }

  isText(name: string): boolean {
    return typeof this.#field(name) === 'string'
  }

  text(name: string): string {
    const value = this.#field(name)
    if (value === undefined) throw malformed(this.at(name), 'is missing')
    if (typeof value !== 'string') throw malformed(this.at(name), 'is not a text')
    return value
  }

  optionalText(name: string): string | null {
    return this.has(name) ? this.text(name) : null
  }

  object(name: string): PolicyReader {
    if (!this.has(name)) throw malformed(this.at(name), 'is missing')
    return new PolicyReader(this.#field(name), this.at(name))
  }

  /** One object, or a list of them. */
  objects(name: string): readonly PolicyReader[] {
    const value = this.#field(name)
    if (!Array.isArray(value)) return [this.object(name)]
    return value.map((one: unknown, index) => new PolicyReader(one, `${this.at(name)}[${index}]`))
  }

  /** One text, or a list of them with something in it. */
  texts(name: string): readonly string[] {
    return this.#scalars(name).map((value) => {
      if (typeof value !== 'string') throw malformed(this.at(name), 'is not a text or a list of texts')
      return value
    })
  }

  /** Values of a condition: texts, and the numbers and truth values that JSON also has. */
  values(name: string): readonly string[] {
    return this.#scalars(name).map((value) => {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw malformed(this.at(name), 'is not a value')
      return String(value)
    })
  }

  #scalars(name: string): readonly unknown[] {
    const value = this.#field(name)
    if (value === undefined) throw malformed(this.at(name), 'is missing')
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (list.length === 0) throw malformed(this.at(name), 'is empty')
    return list
  }

  #field(name: string): unknown {
    return this.has(name) ? this.#fields[name] : undefined
  }
}

function malformed(place: string, reason: string): StorageError<'MalformedPolicy'> {
  return new StorageError('MalformedPolicy', { place, reason })
}
