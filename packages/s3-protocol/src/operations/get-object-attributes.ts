import { isStorageError } from '@stowage/core'
import type { GetObjectInput, ObjectInfo, PartPage, Session } from '@stowage/core'
import { formatHttpDate } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import type { Operation, OperationRequest } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { xmlResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import type { XmlElement } from '../xml/element.ts'
import { readConditions } from './fields/conditions.ts'

/** What may be asked for, in the order of the answer. */
const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
type Attribute = (typeof ATTRIBUTES)[number]

const MAX_PARTS = 1000
/** An object that is replaced between our two looks is looked at again, so often. */
const LOOKS_MAX = 3

interface Input {
  readonly get: GetObjectInput
  readonly attributes: ReadonlySet<Attribute>
  readonly maxParts: number
  readonly partNumberMarker: number
}

interface Output {
  readonly info: ObjectInfo
  readonly parts: PartPage | null
}

/** API_GetObjectAttributes. Parts are listed whether or not they have checksums: AWS, too, has given every object one since 2025. */
export const getObjectAttributes: Operation = defineOperation({
  name: 'GetObjectAttributes',
  engineName: 'HeadObject',
  match: { method: 'GET', on: 'object', query: { attributes: true }, reads: ['versionId'] },
  payload: 'none',
  decode(request, context): Input {
    const versionId = request.query.text('versionId')
    const conditions = readConditions(request.headers, context.now)
    return {
      get: {
        bucket: request.bucket,
        key: request.key,
        signal: request.signal,
        ...(versionId === undefined ? {} : { versionId }),
        ...(conditions === undefined ? {} : { conditions }),
      },
      attributes: readAttributes(request),
      maxParts: readInteger(request, 'x-amz-max-parts') ?? MAX_PARTS,
      partNumberMarker: readInteger(request, 'x-amz-part-number-marker') ?? 0,
    }
  },
  run: look,
  encode: ({ info, parts }, input) => xmlResponse(element('GetObjectAttributesResponse', shown(info, parts, input)), 200, headersOf(info)),
})

/** Object and parts are two looks: both must be of one and the same content. */
async function look(session: Session, input: Input): Promise<Output> {
  const { get, attributes, maxParts, partNumberMarker } = input
  for (let looks = 1; ; looks += 1) {
    const { info } = await session.headObject(attributes.has('ObjectParts') ? { ...get, newest: true } : get)
    if (!attributes.has('ObjectParts') || info.partCount === null) return { info, parts: null }
    try {
      const conditions = { ...get.conditions, ifMatch: [info.etag] }
      const limit = Math.min(maxParts, MAX_PARTS)
      return { info, parts: await session.listObjectParts({ ...get, conditions, partNumberMarker, limit }) }
    } catch (error) {
      if (looks === LOOKS_MAX || !isStorageError(error) || error.code !== 'PreconditionFailed') throw error
    }
  }
}

function readAttributes(request: OperationRequest<'none'>): ReadonlySet<Attribute> {
  const text = request.headers.get('x-amz-object-attributes')
  if (text === undefined || text.trim() === '') {
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
      {
        fields: { ArgumentName: 'x-amz-object-attributes' },
      },
    )
  }
  return new Set(text.split(',').map(readAttribute))
}

function readAttribute(text: string): Attribute {
  const attribute = ATTRIBUTES.find((one) => one === text.trim())
  if (attribute !== undefined) return attribute
  throw new S3Error('InvalidArgument', 'Invalid attribute name specified.', {
    fields: { ArgumentName: 'x-amz-object-attributes', ArgumentValue: text.trim() },
  })
}

function readInteger(request: OperationRequest<'none'>, name: string): number | undefined {
  const text = request.headers.get(name)
  if (text === undefined) return undefined
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw new S3Error('InvalidArgument', `The value of ${name} must be an integer of 0 or more.`, {
    fields: { ArgumentName: name, ArgumentValue: text },
  })
}

function headersOf(info: ObjectInfo): readonly HttpHeader[] {
  const modified: HttpHeader = ['last-modified', formatHttpDate(info.createdAt)]
  return info.versionId === 'null' ? [modified] : [modified, ['x-amz-version-id', info.versionId]]
}

function shown(info: ObjectInfo, parts: PartPage | null, input: Input): readonly XmlElement[] {
  const { checksum } = info
  const all: Readonly<Record<Attribute, readonly XmlElement[]>> = {
    ETag: [element('ETag', info.etag)],
    Checksum:
      checksum === null
        ? []
        : [element('Checksum', [element(`Checksum${checksum.algorithm}`, checksum.value), element('ChecksumType', checksum.type)])],
    ObjectParts: info.partCount === null ? [] : [element('ObjectParts', partsShown(info.partCount, parts, input))],
    StorageClass: [element('StorageClass', info.headers.storageClass ?? 'STANDARD')],
    ObjectSize: [element('ObjectSize', info.size)],
  }
  return ATTRIBUTES.flatMap((attribute) => (input.attributes.has(attribute) ? all[attribute] : []))
}

function partsShown(partCount: number, page: PartPage | null, { maxParts, partNumberMarker }: Input): readonly XmlElement[] {
  if (page === null) return [element('PartsCount', partCount)]
  return [
    element('IsTruncated', page.next !== null),
    element('MaxParts', Math.min(maxParts, MAX_PARTS)),
    ...optionalElement('NextPartNumberMarker', page.parts.at(-1)?.partNumber),
    element('PartNumberMarker', partNumberMarker),
    ...page.parts.map((part) =>
      element('Part', [
        element('PartNumber', part.partNumber),
        element('Size', part.size),
        ...(part.checksum === null ? [] : [element(`Checksum${part.checksum.algorithm}`, part.checksum.value)]),
      ]),
    ),
    element('PartsCount', partCount),
  ]
}
