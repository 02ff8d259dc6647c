import type { HttpHeader } from '@stowage/http'
import { S3Error } from './s3-error.ts'

/** The headers of a request, looked up by lower-case name. A header that came twice is refused when it is read. */
export class S3Headers {
  readonly all: readonly HttpHeader[]

  constructor(headers: readonly HttpHeader[]) {
    this.all = headers
  }

  has(name: string): boolean {
    for (const header of this.all) if (header[0] === name) return true
    return false
  }

  get(name: string): string | undefined {
    let value: string | undefined
    for (const header of this.all) {
      if (header[0] !== name) continue
      if (value !== undefined)
        throw new S3Error('InvalidArgument', `The header ${name} came more than once.`, { fields: { ArgumentName: name } })
      value = header[1]
    }
    return value
  }
}
