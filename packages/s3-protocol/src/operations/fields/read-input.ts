import { isStorageError } from '@stowage/core'
import type { Conditions, GetObjectInput } from '@stowage/core'
import type { HttpHeader } from '@stowage/http'
import type { OperationContext, OperationRequest } from '../../operation.ts'
import { S3Error } from '../../s3-error.ts'
import { readConditions } from './conditions.ts'
import { readOverrides } from './object-response.ts'
import { readRequestedRange } from './range-field.ts'

/** What GetObject and HeadObject have in common: which object, which part of it, and how to show it. */
export interface ReadInput {
  readonly get: GetObjectInput
  /** What is asked instead where If-Range does not hold: the same without the range. Null where there is no If-Range. */
  readonly whole: GetObjectInput | null
  readonly overrides: readonly HttpHeader[]
  readonly checksumMode: boolean
  /** x-amz-mp-parts-count is shown only where a part was asked for. */
  readonly partCount: boolean
}

/** Reads the request of GetObject or HeadObject. */
export function readReadInput(request: OperationRequest<'none'>, context: OperationContext): ReadInput {
  const conditions = readConditions(request.headers, context.now)
  const range = readRequestedRange(request.headers, request.query)
  const versionId = request.query.text('versionId')
  const whole: GetObjectInput = {
    bucket: request.bucket,
    key: request.key,
    signal: request.signal,
    ...(versionId === undefined ? {} : { versionId }),
    ...(conditions === undefined ? {} : { conditions }),
  }
  const shown = {
    overrides: readOverrides(request.query),
    checksumMode: request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED',
    partCount: range !== undefined && 'part' in range,
  }
  const ifRange = request.headers.get('if-range')
  if (range === undefined) return { ...shown, get: whole, whole: null }
  if (ifRange === undefined || 'part' in range) return { ...shown, get: { ...whole, range }, whole: null }
  const tag = strongTag(ifRange, conditions)
  if (tag === null) return { ...shown, get: whole, whole: null }
  return { ...shown, get: { ...whole, range, conditions: { ...conditions, ifMatch: [tag] } }, whole }
}

/** Asks the engine. A part that is not there has a name of its own; a range of what has been replaced is the whole of the new. */
export async function askObject<T>(input: ReadInput, ask: (get: GetObjectInput) => Promise<T>): Promise<T> {
  try {
    return await ask(input.get)
  } catch (error) {
    if (!isStorageError(error)) throw error
    if (input.whole !== null && error.code === 'PreconditionFailed') return ask(input.whole)
    if (!input.partCount || error.code !== 'InvalidRange') throw error
    throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', { cause: error })
  }
}

/**
 * The tag of an If-Range (RFC 9110 §13.1.5); null where the range is to be ignored, which a server may always do: a weak
 * tag or a date, which do not tell two contents of one second apart, and beside conditions of the same kind.
 */
function strongTag(ifRange: string, conditions: Conditions | undefined): string | null {
  if (conditions?.ifMatch !== undefined || conditions?.ifUnmodifiedSince !== undefined) return null
  return /^"([^"]*)"$/.exec(ifRange.trim())?.[1] ?? null
}
