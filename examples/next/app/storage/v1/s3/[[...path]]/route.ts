import { toFetchHandler } from '@stowage/http'
import { storage } from '../../../../../lib/storage.ts'

/* Double brackets: the path without anything behind it lists the buckets. */

const handler = toFetchHandler(storage, { mount: '/storage/v1/s3', onFault: console.error })
const answer = (request: Request): Promise<Response> => handler(request)

export { answer as DELETE, answer as GET, answer as HEAD, answer as OPTIONS, answer as POST, answer as PUT }
