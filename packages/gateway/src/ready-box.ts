/** What a client needs to know. */
export interface ReadyFacts {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The box that `stowage serve` prints when it listens, and lines to paste for the AWS CLI. */
export function readyBox(facts: ReadyFacts, directory: string | null): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Endpoint', facts.endpoint],
    ['Region', facts.region],
    ['Access key', facts.accessKeyId],
    ['Secret key', facts.secretAccessKey],
    ['Data', directory ?? 'in memory: gone when this process ends'],
  ]
  const label = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `${name.padEnd(label)}   ${value}`)
  const width = Math.max(...lines.map((line) => line.length))
  const edge = '─'.repeat(width + 4)
  return [
    `┌${edge}┐`,
    ...lines.map((line) => `│  ${line.padEnd(width)}  │`),
    `└${edge}┘`,
    'With the AWS CLI:',
    `  export AWS_ENDPOINT_URL=${facts.endpoint} AWS_REGION=${facts.region}`,
    `  export AWS_ACCESS_KEY_ID=${facts.accessKeyId} AWS_SECRET_ACCESS_KEY=${facts.secretAccessKey}`,
    '  aws s3 mb s3://my-bucket && aws s3 cp README.md s3://my-bucket/ && aws s3 ls s3://my-bucket',
    '',
  ].join('\n')
}
