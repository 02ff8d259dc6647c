/** What a client needs to know. */
export interface ReadyFacts {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The box that `stowage serve` prints when it listens, and lines to paste, one a client. */
export function readyBox(facts: ReadyFacts, directory: string | null): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Endpoint', facts.endpoint],
    ['Region', facts.region],
    ['Access key', facts.accessKeyId],
    ['Secret key', facts.secretAccessKey],
    ['Data', directory ?? 'in memory: gone when this process ends'],
  ]
  const pasted = Object.entries(linesToPaste(facts)).flatMap(([client, line]) => [`${client}:`, `  ${line}`])
  return `${[...boxed(rows), ...pasted].join('\n')}\n`
}

/** The same of a server with tenants: each has credentials of its own. */
export function tenantsBox({ endpoint, region }: Pick<ReadyFacts, 'endpoint' | 'region'>, directory: string): string {
  const rows = [['Endpoint', endpoint], ['Region', region], ['Data', directory]] as const // prettier-ignore
  return `${[...boxed(rows), 'Make a tenant, and its first key:', `  stowage tenants create NAME ${directory}`].join('\n')}\n`
}

function boxed(rows: readonly (readonly [string, string])[]): readonly string[] {
  const label = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `${name.padEnd(label)}   ${value}`)
  const width = Math.max(...lines.map((line) => line.length))
  const edge = '─'.repeat(width + 4)
  return [`┌${edge}┐`, ...lines.map((line) => `│  ${line.padEnd(width)}  │`), `└${edge}┘`]
}

/** What lists the buckets with each client; a shell takes them as they are, but for the SDK's. */
function linesToPaste({ endpoint, region, accessKeyId, secretAccessKey }: ReadyFacts): Readonly<Record<string, string>> {
  const host = endpoint.replace(/^https?:\/\//, '')
  const isPlain = endpoint.startsWith('http:')
  const credentials = `{ accessKeyId: '${accessKeyId}', secretAccessKey: '${secretAccessKey}' }`
  const rclone = `provider=Other,endpoint="${endpoint}",region=${region},access_key_id=${accessKeyId},secret_access_key=${secretAccessKey}`
  return {
    'AWS CLI': `export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} && aws s3 ls`,
    'AWS SDK': `new S3Client({ endpoint: '${endpoint}', region: '${region}', forcePathStyle: true, credentials: ${credentials} })`,
    rclone: `rclone lsd ':s3,${rclone}:'`,
    s3cmd: `s3cmd --host=${host} --host-bucket=${host}${isPlain ? ' --no-ssl' : ''} --region=${region} --access_key=${accessKeyId} --secret_key=${secretAccessKey} ls`,
    mc: `mc alias set stowage ${endpoint} ${accessKeyId} ${secretAccessKey} && mc ls stowage`,
  }
}
