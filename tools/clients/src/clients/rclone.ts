import { join } from 'node:path'
import type { Client, Operations, Place, Target } from '../client.ts'
import { findProgram, getProgram, runProgram, runProgramInto, versionFrom } from '../toolbox.ts'

const at = ({ bucket, key }: Place): string => `server:${bucket}/${key}`

export const rclone: Client = {
  name: 'rclone',
  title: 'rclone',
  hasSync: true,
  limits: {
    'key with `..`': { reason: 'takes `..` in a name for the folder above', says: /does not list "up\/\.\.\/dots".*, "dots"/ },
    'key with `//`': { reason: 'takes `//` in a name for one slash', says: /does not list "double\/\/slash".*, "double\/slash"/ },
    'key ending in `/`': { reason: 'takes a name that ends in `/` for a folder', says: /"server:matrix\/folder\/" is a directory/ },
    'presigned put': { reason: 'has `rclone link`, which makes URLs for GET only', says: /has nothing for it/ },
  },
  setting: null,
  findVersion: async (tools) => {
    const program = await findProgram(tools, 'bin', 'rclone')
    return program === null ? null : versionFrom(program, ['version'])
  },
  connect: async (tools, target) => operations(await getProgram(tools, 'bin', 'rclone'), target),
}

function operations(program: string, target: Target): Operations {
  const ca = target.caFile === null ? [] : ['--ca-cert', target.caFile]
  const env = {
    RCLONE_CONFIG: join(target.directory, 'rclone.conf'),
    RCLONE_CONFIG_SERVER_TYPE: 's3',
    RCLONE_CONFIG_SERVER_PROVIDER: 'Other',
    RCLONE_CONFIG_SERVER_ENDPOINT: target.endpoint,
    RCLONE_CONFIG_SERVER_REGION: target.region,
    RCLONE_CONFIG_SERVER_ACCESS_KEY_ID: target.accessKeyId,
    RCLONE_CONFIG_SERVER_SECRET_ACCESS_KEY: target.secretAccessKey,
    RCLONE_CONFIG_SERVER_SESSION_TOKEN: target.sessionToken ?? '',
    // Else it makes the bucket before it writes, or finds that it may not.
    RCLONE_CONFIG_SERVER_NO_CHECK_BUCKET: String(target.isForObjects === true),
  }
  // Its own retries would turn an answer that it did not understand into a slow success.
  const command = [program, '--retries', '1', '--low-level-retries', '2', '--s3-upload-cutoff', '8Mi', ...ca]
  const run = (...args: readonly string[]): Promise<string> => runProgram(program, [...command.slice(1), ...args], env)
  return {
    makeBucket: async (bucket) => void (await run('mkdir', `server:${bucket}`)),
    put: async (place, file) => void (await run('copyto', file, at(place))),
    get: async (place, file) => void (await run('copyto', at(place), file)),
    list: async (bucket) => (await run('lsf', '--recursive', '--files-only', `server:${bucket}`)).split('\n').filter((line) => line !== ''),
    copy: async (from, toKey) => void (await run('copyto', at(from), at({ bucket: from.bucket, key: toKey }))),
    getRange: (place, { first, last }, file) =>
      runProgramInto(file, [...command, 'cat', '--offset', String(first), '--count', String(last - first + 1), at(place)], env),
    presignGet: async (place) => (await run('link', '--expire', '10m', at(place))).trim(),
    presignPut: null,
    syncUp: async (directory, { bucket, prefix }) => void (await run('sync', directory, `server:${bucket}/${prefix}`)),
    syncDown: async ({ bucket, prefix }, directory) => void (await run('sync', `server:${bucket}/${prefix}`, directory)),
    remove: async (place) => void (await run('deletefile', at(place))),
    empty: async (bucket) => void (await run('delete', `server:${bucket}`)),
    removeBucket: async (bucket) => void (await run('rmdir', `server:${bucket}`)),
  }
}
