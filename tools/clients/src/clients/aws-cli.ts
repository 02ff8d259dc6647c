import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Operations, Place, Target } from '../client.ts'
import { credentialEnvironment } from '../credential-environment.ts'
import { findProgram, getProgram, runProgram, versionFrom } from '../toolbox.ts'

const uri = ({ bucket, key }: Place): string => `s3://${bucket}/${key}`
const api = ({ bucket, key }: Place): readonly string[] => ['--bucket', bucket, '--key', key]
/** `aws s3` takes such a key for a folder, and puts the file into it; `aws s3api` takes keys as they are. */
const isFolder = ({ key }: Place): boolean => key.endsWith('/')

export const awsCli: Client = {
  name: 'aws-cli',
  title: 'AWS CLI',
  hasSync: true,
  limits: {
    'presigned put': { reason: 'has `aws s3 presign`, which makes URLs for GET only', says: /has nothing for it/ },
  },
  setting:
    'signs URLs with the old SigV2, which Stowage refuses, where the region is us-east-1: `aws configure set default.s3.signature_version s3v4`',
  findVersion: async (tools) => {
    const program = await findProgram(tools, 'venv/bin', 'aws')
    return program === null ? null : versionFrom(program, ['--version'])
  },
  connect: async (tools, target) => {
    const config = join(target.directory, 'aws-config')
    await writeFile(config, '[default]\ns3 =\n    signature_version = s3v4\n')
    return operations(await getProgram(tools, 'venv/bin', 'aws'), target, config)
  },
}

function operations(program: string, target: Target, config: string): Operations {
  const ca = target.caFile === null ? [] : ['--ca-bundle', target.caFile]
  const aws = (...args: readonly string[]): Promise<string> =>
    runProgram(program, [...args, '--endpoint-url', target.endpoint, '--region', target.region, ...ca], {
      ...credentialEnvironment(target),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: join(target.directory, 'aws-credentials'),
    })
  return {
    makeBucket: async (bucket) => void (await aws('s3', 'mb', `s3://${bucket}`)),
    put: async (place, file) =>
      void (await (isFolder(place) ? aws('s3api', 'put-object', ...api(place), '--body', file) : aws('s3', 'cp', file, uri(place)))),
    get: async (place, file) =>
      void (await (isFolder(place) ? aws('s3api', 'get-object', ...api(place), file) : aws('s3', 'cp', uri(place), file))),
    list: async (bucket) => {
      const output = await aws('s3api', 'list-objects-v2', '--bucket', bucket, '--output', 'json', '--query', 'Contents[].Key')
      return (JSON.parse(output) as readonly string[] | null) ?? []
    },
    copy: async (from, toKey) => void (await aws('s3', 'cp', uri(from), uri({ bucket: from.bucket, key: toKey }))),
    getRange: async (place, { first, last }, file) =>
      void (await aws('s3api', 'get-object', ...api(place), '--range', `bytes=${first}-${last}`, file)),
    presignGet: async (place) => (await aws('s3', 'presign', uri(place))).trim(),
    presignPut: null,
    syncUp: async (directory, { bucket, prefix }) => void (await aws('s3', 'sync', directory, `s3://${bucket}/${prefix}`)),
    syncDown: async ({ bucket, prefix }, directory) => void (await aws('s3', 'sync', `s3://${bucket}/${prefix}`, directory)),
    remove: async (place) => void (await aws('s3', 'rm', uri(place))),
    empty: async (bucket) => void (await aws('s3', 'rm', '--recursive', `s3://${bucket}`)),
    removeBucket: async (bucket) => void (await aws('s3', 'rb', `s3://${bucket}`)),
  }
}
