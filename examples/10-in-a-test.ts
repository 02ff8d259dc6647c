import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startTestServer } from 'stowage/testing'

/* A real S3 for a test suite: start it before all tests, reset it before each, stop it after all. */

// #region readme
const server = await startTestServer({ buckets: ['photos'] })
const client = new S3Client(server.clientConfig)
await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'cat.jpg', Body: 'meow' }))
await server.reset()
await server.stop()
// #endregion
client.destroy()
console.log('started, used, emptied and stopped')
