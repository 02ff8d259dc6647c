import { isStorageError } from '@stowage/core'
import type { GetObjectInput } from '@stowage/core'
import type { HttpHeader } from '@stowage/http'
import type { OperationContext, OperationRequest } from '../../operation.ts'
import { S3Error } from '../../s3-error.ts'
import { readConditions } from './conditions.ts'
import { readOverrides } from './object-response.ts'
import { readRequestedRange } from './range-field.ts'

/** What GetObject and HeadObject have in common: which object, which part of it, and how to show it. */
export interface ReadInput {
  readonly get: GetObjectInput
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
  return {
    overrides: readOverrides(request.query),
    checksumMode: request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED',
    partCount: range !== undefined && 'part' in range,
    get: {
      bucket: { name: request.bucket },
      key: request.key,
      signal: request.signal,
      ...(versionId === undefined ? {} : { versionId }),
      ...(conditions === undefined ? {} : { conditions }),
      ...(range === undefined ? {} : { range }),
    },
  }
}

/** Asks the engine; a part that is not there has a name of its own. */
export async function withPartErrors<T>(input: ReadInput, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!input.partCount || !isStorageError(error) || error.code !== 'InvalidRange') throw error
    throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', { cause: error })
  }
}
