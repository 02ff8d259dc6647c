import { Buffer } from 'node:buffer'
import type { ByteSource } from '@stowage/core'
import { fieldError, malformedForm } from './form-error.ts'
import { readBoundary } from './header-parameters.ts'
import { FIELDS_SIZE_MAX, MultipartReader } from './multipart-reader.ts'

/** The fields of a form by lower-case name: names of fields are case-insensitive, values are not (sigv4-post-example). */
export type FormFields = ReadonlyMap<string, string>

/** A form up to the content of its file. */
export interface PostForm {
  /** With the name of the file filled in. What stands behind the file is not among them. */
  readonly fields: FormFields
  /** Stands behind the head of the file's part. */
  readonly reader: MultipartReader
}

const FILE_NAME = '${filename}'
/** The longest name of a file that is filled in; no key is longer. Bytes. */
const FILE_NAME_SIZE_MAX = 1024

/** Reads the fields of a form. The file must be the last of them that counts: what follows it is ignored, as AWS does (RESTObjectPOST). */
export async function readPostForm(source: ByteSource, contentType: string): Promise<PostForm> {
  const boundary = readBoundary(contentType)
  if (boundary === null) throw malformedForm('its Content-Type has no boundary')
  const reader = new MultipartReader(source, boundary)
  try {
    return await readFields(reader)
  } catch (error) {
    await reader.abandon()
    throw error
  }
}

async function readFields(reader: MultipartReader): Promise<PostForm> {
  const fields = new Map<string, string>()
  for (let part = await reader.nextPart(); part !== null; part = await reader.nextPart()) {
    const name = part.name.toLowerCase()
    if (name === 'file') return { fields: withFilename(fields, basename(part.filename ?? '')), reader }
    // AWS joins them with commas; a policy that one server joins and another does not is a policy that somebody misreads.
    if (fields.has(name)) throw fieldError(`POST form field ${part.name} came more than once.`, part.name)
    fields.set(name, await reader.text())
  }
  throw fieldError('POST requires exactly one file upload per request.', 'file', '0')
}

/** Browsers may send the whole path; what follows the last slash or backslash counts (sigv4-HTTPPOSTForms, `${filename}`). */
function basename(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
}

/** Fills in the name of the file, in all fields, before anybody looks at them (sigv4-HTTPPOSTConstructPolicy). */
function withFilename(fields: FormFields, filename: string): FormFields {
  const filled = new Map<string, string>()
  let size = 0
  for (const [name, value] of fields) {
    if (value.includes(FILE_NAME) && Buffer.byteLength(filename) > FILE_NAME_SIZE_MAX) {
      throw fieldError(`The name of the file has more than ${FILE_NAME_SIZE_MAX} bytes.`, 'file')
    }
    const text = value.replaceAll(FILE_NAME, () => filename)
    size += text.length
    // Twenty kilobytes of the variable would be two megabytes of names.
    if (size > FIELDS_SIZE_MAX) throw fieldError('The fields are too long once the name of the file is filled in.', name)
    filled.set(name, text)
  }
  return filled
}
