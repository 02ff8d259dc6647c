/** An account as the suite wants it: it looks for these names in listings. */
export interface SuiteAccount {
  /** The runner's option for it. */
  readonly option: string
  readonly id: string
  readonly displayName: string
  readonly email: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const account = (option: string, id: string, displayName: string): SuiteAccount => ({
  option,
  id,
  displayName,
  email: `${option}@example.com`,
  accessKeyId: `S3TESTS${option.toUpperCase()}`,
  secretAccessKey: `the-secret-of-${option}`,
})

/** Every section of the suite's configuration is compulsory, also for tests that need one account only. */
export const SUITE_ACCOUNTS: readonly SuiteAccount[] = [
  account('main', 'testid', 'M. Tester'),
  account('alt', 'altid', 'john.doe'),
  account('tenant', 'testx$tenantid', 'testx$tenanteduser'),
  account('iam', 'iamid', 'iam.user'),
]

/** The config file of `stowage serve` for them. */
export function serverConfig(accounts: readonly SuiteAccount[]): string {
  return JSON.stringify({
    accounts: accounts.map(({ id, displayName, email, accessKeyId, secretAccessKey }) => ({
      id,
      displayName,
      email,
      keys: [{ accessKeyId, secretAccessKey }],
    })),
  })
}

/** The runner's arguments for them: `AK:SK:id:name:email`. */
export function runnerArguments(accounts: readonly SuiteAccount[]): readonly string[] {
  return accounts.flatMap(({ option, id, displayName, email, accessKeyId, secretAccessKey }) => [
    `--${option}`,
    [accessKeyId, secretAccessKey, id, displayName, email].join(':'),
  ])
}
