import { runProgram } from './toolbox.ts'
import type { Operations, Target } from './client.ts'
import { credentialEnvironment } from './credential-environment.ts'

/**
 * The operations of a library, through a small program in its language that does one of them: `drivers/boto3-driver.py` and
 * `drivers/minio-go/main.go`. Both take the same words, and the server from the environment.
 */
export function driverOperations(command: readonly [string, ...string[]], target: Target): Operations {
  const [program, ...first] = command
  const env = {
    CLIENT_ENDPOINT: target.endpoint,
    CLIENT_REGION: target.region,
    CLIENT_ACCESS_KEY_ID: target.accessKeyId,
    CLIENT_SECRET_ACCESS_KEY: target.secretAccessKey,
    CLIENT_SESSION_TOKEN: target.sessionToken ?? '',
    ...(target.webIdentity === undefined ? {} : credentialEnvironment(target)),
    CLIENT_CA_FILE: target.caFile ?? '',
  }
  const run = (...args: readonly string[]): Promise<string> => runProgram(program, [...first, ...args], env)
  return {
    makeBucket: async (bucket) => void (await run('make-bucket', bucket)),
    put: async ({ bucket, key }, file) => void (await run('put', bucket, key, file)),
    get: async ({ bucket, key }, file) => void (await run('get', bucket, key, file)),
    list: async (bucket) => JSON.parse(await run('list', bucket)) as readonly string[],
    copy: async ({ bucket, key }, toKey) => void (await run('copy', bucket, key, toKey)),
    getRange: async ({ bucket, key }, range, file) =>
      void (await run('get-range', bucket, key, String(range.first), String(range.last), file)),
    presignGet: async ({ bucket, key }) => (await run('presign-get', bucket, key)).trim(),
    presignPut: async ({ bucket, key }) => (await run('presign-put', bucket, key)).trim(),
    syncUp: async (directory, { bucket, prefix }) => void (await run('sync-up', bucket, prefix, directory)),
    syncDown: async ({ bucket, prefix }, directory) => void (await run('sync-down', bucket, prefix, directory)),
    remove: async ({ bucket, key }) => void (await run('remove', bucket, key)),
    empty: async (bucket) => void (await run('empty', bucket)),
    removeBucket: async (bucket) => void (await run('remove-bucket', bucket)),
  }
}
