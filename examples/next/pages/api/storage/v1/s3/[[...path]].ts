import { toNodeHandler } from '@stowage/http'
import { storage } from '../../../../../lib/storage.ts'

/** The body is ours to read, and the answer ours to send. */
export const config = { api: { bodyParser: false, externalResolver: true } }

export default toNodeHandler(storage, { mount: '/api/storage/v1/s3', onFault: console.error })
