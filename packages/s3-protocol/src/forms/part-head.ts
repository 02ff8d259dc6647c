import { parseParameters } from './header-parameters.ts'
import type { ParameterizedValue } from './header-parameters.ts'
import { malformedForm } from './form-error.ts'

/** What a part of a form says before its content. */
export interface PartHead {
  /** As it came. */
  readonly name: string
  /** As it came, maybe with a path; null where the part has none. */
  readonly filename: string | null
}

const HEADER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*)$/
/** A tab may stand in a header. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/
/** They change nothing. RFC 7578 §4.7 deprecates all of them; an encoding that we passed over would store other bytes than were meant. */
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])

/** Reads the headers of a part (RFC 7578 §4), without the empty line. Fails with `MalformedPOSTRequest` for anything doubtful. */
export function parsePartHead(bytes: Uint8Array): PartHead {
  const headers = new Map<string, string>()
  for (const line of decodeUtf8(bytes).split('\r\n')) {
    const match = HEADER.exec(line)
    if (match === null || CONTROL.test(line)) throw malformedForm('a part has a line that is no header')
    const name = (match[1] ?? '').toLowerCase()
    if (headers.has(name)) throw malformedForm(`a part has ${name} twice`)
    headers.set(name, match[2] ?? '')
  }
  const disposition = parseParameters(headers.get('content-disposition') ?? '')
  if (disposition === null || disposition.value !== 'form-data') {
    throw malformedForm('a part has no Content-Disposition: form-data that can be read')
  }
  const encoding = headers.get('content-transfer-encoding')?.trim().toLowerCase() ?? 'binary'
  if (!PLAIN_ENCODINGS.has(encoding)) throw malformedForm('a part has a Content-Transfer-Encoding')
  checkCharset(headers.get('content-type'))
  const name = disposition.parameters.get('name') ?? ''
  if (name === '') throw malformedForm('a part has no name')
  return { name, filename: readFilename(disposition) }
}

/** Bytes as text: forms are in UTF-8 (AWS: sigv4-HTTPPOSTForms). A byte order mark is text like any other. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw malformedForm('it is not in UTF-8', error)
  }
}

function checkCharset(contentType: string | undefined): void {
  if (contentType === undefined) return
  const charset = parseParameters(contentType)?.parameters.get('charset')
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) throw malformedForm('a part is not in UTF-8')
}

/** `filename*` (RFC 8187) is none of RFC 7578's, but .NET sends it beside a `filename` that it has encoded beyond recognition. */
function readFilename({ parameters }: ParameterizedValue): string | null {
  const extended = parameters.get('filename*')
  if (extended === undefined) return parameters.get('filename') ?? null
  const encoded = /^utf-8'[^']*'((?:%[0-9A-Fa-f]{2}|[^%])*)$/i.exec(extended)?.[1]
  if (encoded === undefined) throw malformedForm('a part has a filename* that cannot be read')
  try {
    return decodeURIComponent(encoded)
  } catch (error) {
    throw malformedForm('a part has a filename* that is not in UTF-8', error)
  }
}
