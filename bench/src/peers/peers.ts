import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every server that can be measured; the first is ours. */
export const PEER_IDS = ['stowage', 'minio', 'versitygw', 'seaweedfs', 'rclone', 's3rver'] as const

/** The name of a server, as `--peers` takes it. */
export type PeerId = (typeof PEER_IDS)[number]

/** What a server is told when it starts. */
export interface Site {
  /** A directory of its own, empty. */
  readonly data: string
  /** Where else it may write. */
  readonly scratch: string
  /** Of S3. */
  readonly port: number
  /** As many free ones as the server asked for besides. */
  readonly otherPorts: readonly number[]
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** How a server is started from a command line. */
export interface StartLine {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Written before, by name in `scratch`. */
  readonly files?: Readonly<Record<string, string>>
}

/** A server of S3, and how it is found and started. */
export interface Peer {
  readonly id: PeerId
  readonly title: string
  /** The file that is looked for, in the directory of the peers' programs. */
  readonly program: (bin: string) => string
  /** What runs a program that is not one by itself. */
  readonly interpreter?: readonly string[]
  /** The command line in the report, without paths and ports. */
  readonly words: string
  readonly ports?: number
  /** Where it takes no others. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Known to sync a PUT before it is acknowledged: believed where syncs are not counted. */
  readonly syncs?: boolean
  readonly start: (site: Site) => StartLine
}

const ROOT = join(import.meta.dirname, '../../..')

/** The flags that `npm start` gives to Node.js, but for those that make it run from source. */
export function flagsOfStart(script: string): readonly string[] {
  const words = script.split(' ').filter((word) => word !== '')
  const program = words.findIndex((word) => /\.[jt]s$/.test(word))
  const flags = words.slice(1, program)
  return flags.filter((flag, at) => flag !== '-C' && flags[at - 1] !== '-C')
}

function startScript(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly scripts: { readonly start: string } }
  return manifest.scripts.start
}

const STOWAGE_FLAGS = flagsOfStart(startScript())

/** As their own documents start them for one directory; what would only call home, or draw a page, is off. */
export const PEERS: readonly Peer[] = [
  {
    id: 'stowage',
    title: 'Stowage',
    program: () => join(ROOT, 'packages/gateway/dist/main.js'),
    interpreter: [process.execPath, ...STOWAGE_FLAGS],
    words: ['node', ...STOWAGE_FLAGS, 'stowage serve DIR'].join(' '),
    start: ({ data, port, accessKeyId, secretAccessKey }) => ({
      args: ['serve', data, '--port', `${port}`, '--json'],
      env: { STOWAGE_ACCESS_KEY_ID: accessKeyId, STOWAGE_SECRET_ACCESS_KEY: secretAccessKey },
    }),
  },
  {
    id: 'minio',
    title: 'MinIO',
    program: (bin) => join(bin, 'minio'),
    words: 'minio server DIR',
    syncs: true,
    start: ({ data, port, accessKeyId, secretAccessKey }) => ({
      args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, data],
      env: { MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
    }),
  },
  {
    id: 'versitygw',
    title: 'versitygw',
    program: (bin) => join(bin, 'versitygw'),
    // Without --keep-alive it closes the connection behind each answer.
    words: 'versitygw --keep-alive --quiet posix DIR',
    start: ({ data, port, accessKeyId, secretAccessKey }) => ({
      args: ['--keep-alive', '--quiet', '--port', `127.0.0.1:${port}`, 'posix', data],
      env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    }),
  },
  {
    id: 'seaweedfs',
    title: 'SeaweedFS',
    program: (bin) => join(bin, 'weed'),
    words: 'weed server -s3 -dir DIR',
    ports: 7,
    start: seaweed,
  },
  {
    id: 'rclone',
    title: 'rclone',
    program: (bin) => join(bin, 'rclone'),
    words: 'rclone serve s3 DIR',
    start: ({ data, port, scratch, accessKeyId, secretAccessKey }) => ({
      args: ['serve', 's3', '--addr', `127.0.0.1:${port}`, '--auth-key', `${accessKeyId},${secretAccessKey}`, data],
      env: { RCLONE_CONFIG: join(scratch, 'rclone.conf'), RCLONE_CACHE_DIR: join(scratch, 'cache') },
    }),
  },
  {
    id: 's3rver',
    title: 's3rver',
    program: (bin) => join(bin, 'node_modules/s3rver/bin/s3rver.js'),
    interpreter: [process.execPath],
    words: 'node s3rver --silent -d DIR',
    // It knows this one pair.
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    start: ({ data, port }) => ({ args: ['--silent', '--address', '127.0.0.1', '--port', `${port}`, '--directory', data] }),
  },
]

function seaweed({ data, port, otherPorts, scratch, accessKeyId, secretAccessKey }: Site): StartLine {
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3Grpc] = otherPorts
  return {
    args: [
      'server',
      '-s3',
      `-dir=${data}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      `-s3.port=${port}`,
      `-s3.port.grpc=${s3Grpc}`,
      `-master.port=${master}`,
      `-master.port.grpc=${masterGrpc}`,
      `-volume.port=${volume}`,
      `-volume.port.grpc=${volumeGrpc}`,
      `-filer.port=${filer}`,
      `-filer.port.grpc=${filerGrpc}`,
      // The default of 8 volumes is full with two buckets.
      '-volume.max=100',
      '-volume.preStopSeconds=1',
      '-master.telemetry=false',
      `-filer.localSocket=${join(scratch, 'filer.sock')}`,
      `-s3.localSocket=${join(scratch, 's3.sock')}`,
      `-s3.config=${join(scratch, 's3.json')}`,
    ],
    env: { HOME: scratch },
    files: {
      's3.json': JSON.stringify({
        identities: [{ name: 'bench', credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }], actions: ['Admin'] }],
      }),
    },
  }
}
