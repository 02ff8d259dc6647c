import { StorageError } from '../errors/storage-error.ts'
import type { ObjectHeaders, Retention } from '../model/object.ts'
import { checkText } from './check-key.ts'
import type { ObjectAttributes } from './inputs.ts'
import type { Limits } from './limits.ts'

/** AWS, "Tagging objects": characters, not bytes. */
const TAG_NAME_LENGTH_MAX = 128
const TAG_VALUE_LENGTH_MAX = 256

/** Whatever would end a header line, or a terminal's patience. A tab may stand in a header. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\u0008\u000a-\u001f\u007f]/

const HEADER_NAMES: Readonly<Record<keyof ObjectHeaders, true>> = {
  contentType: true,
  cacheControl: true,
  contentDisposition: true,
  contentEncoding: true,
  contentLanguage: true,
  expires: true,
  websiteRedirectLocation: true,
  storageClass: true,
}

/** Throws for attributes that could not be kept or given back as they came: `InvalidArgument` or `LimitExceeded`. */
export function checkAttributes(attributes: ObjectAttributes, limits: Limits): void {
  if (attributes.headers !== undefined) checkHeaders(attributes.headers, limits)
  if (attributes.userMetadata !== undefined) checkUserMetadata(attributes.userMetadata, limits)
  if (attributes.tags !== undefined) checkTags(attributes.tags, limits)
  if (attributes.retention !== undefined) checkRetention(attributes.retention)
}

function checkRetention({ mode, until }: Retention): void {
  if (mode !== 'governance' && mode !== 'compliance') {
    throw new StorageError('InvalidArgument', { argument: 'retention', reason: "its mode is neither 'governance' nor 'compliance'" })
  }
  if (Number.isNaN(until.getTime())) throw new StorageError('InvalidArgument', { argument: 'retention', reason: 'its time is none' })
}

function checkHeaders(headers: ObjectHeaders, limits: Limits): void {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!Object.hasOwn(HEADER_NAMES, name))
      throw new StorageError('InvalidArgument', { argument: name, reason: 'is no header of an object' })
    checkValue(name, value)
    bytes += Buffer.byteLength(value)
  }
  checkLimit('headerBytesMax', bytes, limits)
}

function checkUserMetadata(metadata: Readonly<Record<string, string>>, limits: Limits): void {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (name === '') throw new StorageError('InvalidArgument', { argument: 'userMetadata', reason: 'a name is empty' })
    checkValue('userMetadata', name)
    checkValue('userMetadata', value)
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  checkLimit('userMetadataBytesMax', bytes, limits)
}

function checkTags(tags: Readonly<Record<string, string>>, limits: Limits): void {
  const entries = Object.entries(tags)
  checkLimit('tagsMax', entries.length, limits)
  for (const [name, value] of entries) {
    checkText('tags', name)
    checkText('tags', value)
    if (name === '' || Array.from(name).length > TAG_NAME_LENGTH_MAX || Array.from(value).length > TAG_VALUE_LENGTH_MAX) {
      const reason = `a name has 1 to ${TAG_NAME_LENGTH_MAX} characters, a value up to ${TAG_VALUE_LENGTH_MAX}`
      throw new StorageError('InvalidArgument', { argument: 'tags', reason })
    }
  }
}

function checkValue(argument: string, value: string): void {
  checkText(argument, value)
  if (CONTROL.test(value)) throw new StorageError('InvalidArgument', { argument, reason: 'has a control character' })
}

function checkLimit(limit: 'headerBytesMax' | 'userMetadataBytesMax' | 'tagsMax', found: number, limits: Limits): void {
  if (found > limits[limit]) throw new StorageError('LimitExceeded', { limit, max: limits[limit] })
}
