/** The value of a header such as Content-Disposition, taken apart. */
export interface ParameterizedValue {
  /** What stands before the parameters, in lower case. */
  readonly value: string
  /** By name, in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * A parameter. In quotes only a quotation mark is escaped: browsers write a backslash of a file's path as it is. What is not in quotes may
 * hold more than RFC 2045 §5.1 allows, as boundaries often do.
 */
const PARAMETER = /[ \t]*;[ \t]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)=(?:"((?:\\"|[^"])*)"|([^ \t;"]+))/y

/** Reads `value; name=text; name="text"`; null for anything else, and where a name comes twice. */
export function parseParameters(text: string): ParameterizedValue | null {
  const end = text.indexOf(';')
  const value = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase()
  const parameters = new Map<string, string>()
  let at = end < 0 ? text.length : end
  while (at < text.length && !/^[ \t;]*$/.test(text.slice(at))) {
    PARAMETER.lastIndex = at
    const match = PARAMETER.exec(text)
    if (match === null) return null
    const name = (match[1] ?? '').toLowerCase()
    if (parameters.has(name)) return null
    parameters.set(name, match[2]?.replaceAll('\\"', '"') ?? match[3] ?? '')
    at = PARAMETER.lastIndex
  }
  return { value, parameters }
}

/** RFC 2046 §5.1.1: 1 to 70 characters of these, the last one no space. */
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/

/** The boundary of a multipart/form-data body; null where the Content-Type has none that is one. */
export function readBoundary(contentType: string): string | null {
  const boundary = parseParameters(contentType)?.parameters.get('boundary') ?? ''
  return BOUNDARY.test(boundary) ? boundary : null
}
