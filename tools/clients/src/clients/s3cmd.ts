import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Operations, Place, Target } from '../client.ts'
import { findProgram, getProgram, runProgram, versionFrom } from '../toolbox.ts'

const uri = ({ bucket, key }: Place): string => `s3://${bucket}/${key}`

export const s3cmd: Client = {
  name: 's3cmd',
  title: 's3cmd',
  hasSync: true,
  limits: {
    'key ending in `/`': { reason: 'takes a name that ends in `/` for a folder, and puts the file into it', says: /"folder\/file-0"/ },
    'presigned get': {
      reason: 'signs URLs with the old SigV2 only, which Stowage refuses',
      says: /The authorization mechanism you have provided is not supported/,
    },
    'presigned put': { reason: 'has `s3cmd signurl`, which makes URLs for GET only', says: /has nothing for it/ },
  },
  setting: null,
  findVersion: async (tools) => {
    const program = await findProgram(tools, 'venv/bin', 's3cmd')
    return program === null ? null : versionFrom(program, ['--version'])
  },
  connect: async (tools, target) => {
    const config = join(target.directory, 's3cfg')
    await writeFile(config, configOf(target))
    return operations(await getProgram(tools, 'venv/bin', 's3cmd'), config)
  },
}

/** The lines that `stowage serve` prints for s3cmd, as a file. */
function configOf({ endpoint, region, accessKeyId, secretAccessKey, caFile }: Target): string {
  const host = new URL(endpoint).host
  const lines = {
    access_key: accessKeyId,
    secret_key: secretAccessKey,
    host_base: host,
    host_bucket: host,
    bucket_location: region,
    use_https: caFile === null ? 'False' : 'True',
    signurl_use_https: caFile === null ? 'False' : 'True',
    ca_certs_file: caFile ?? '',
  }
  return `[default]\n${Object.entries(lines)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')}`
}

function operations(program: string, config: string): Operations {
  const run = (...args: readonly string[]): Promise<string> => runProgram(program, ['-c', config, '--no-progress', ...args], {})
  return {
    makeBucket: async (bucket) => void (await run('mb', `s3://${bucket}`)),
    put: async (place, file) => void (await run('put', file, uri(place))),
    get: async (place, file) => void (await run('get', '--force', uri(place), file)),
    list: async (bucket) => {
      const lines = (await run('ls', '--recursive', `s3://${bucket}`)).split('\n')
      return lines.filter((line) => line !== '').map((line) => line.slice(line.indexOf(`s3://${bucket}/`) + `s3://${bucket}/`.length))
    },
    copy: async (from, toKey) => void (await run('cp', uri(from), uri({ bucket: from.bucket, key: toKey }))),
    // It has ranges for one purpose: to go on with a file that is there in part, to its end.
    getRange: async (place, { first, last, head }, file) => {
      await writeFile(file, head)
      await run('get', '--continue', uri(place), file)
      await writeFile(file, (await readFile(file)).subarray(first, last + 1))
    },
    presignGet: async (place) => (await run('signurl', uri(place), '+600')).trim(),
    presignPut: null,
    syncUp: async (directory, { bucket, prefix }) => void (await run('sync', `${directory}/`, `s3://${bucket}/${prefix}/`)),
    syncDown: async ({ bucket, prefix }, directory) => void (await run('sync', `s3://${bucket}/${prefix}/`, `${directory}/`)),
    remove: async (place) => void (await run('del', uri(place))),
    empty: async (bucket) => void (await run('del', '--recursive', '--force', `s3://${bucket}`)),
    removeBucket: async (bucket) => void (await run('rb', `s3://${bucket}`)),
  }
}
