import type { Command } from 'commander'
import type { CliContext } from './cli-context.ts'
import type { ExplainPoliciesOptions } from './explain-policies-command.ts'
import type { ImportPoliciesOptions } from './import-policies-command.ts'
import { collect, parseCount, parseJsonObject, parseNames, parseTable } from './parse-flag.ts'
import type { CreateRoleOptions, PolicyCommandOptions, ShowPolicyOptions } from './policies-command.ts'
import type { StoredKeysParts } from './stored-keys-commands.ts'
import type { TestPoliciesOptions } from './test-policies-command.ts'

/** Adds `stowage policies import`, `list`, `show`, `remove`, `explain` and `test`. */
export function addPolicies(program: Command, parts: StoredKeysParts): void {
  const policies = program.command('policies').description('Row-level security: who may see, write and delete which objects.')
  addImport(policies, parts)
  addStoredPolicies(policies, parts)
  addExplain(policies, parts)
  addTest(policies, parts)
}

/** Adds `stowage roles list`, `create` and `delete`. */
export function addRoles(program: Command, { administers, run }: StoredKeysParts): void {
  const roles = program.command('roles').description('Roles that callers act in: policies are for roles.')
  administers(roles.command('list').description('List roles, the built-in ones first.'))
    .option('--json', 'print them as JSON')
    .action(async (directory: string, flags: Omit<PolicyCommandOptions, 'directory'>) => {
      const { listRolesCommand } = await import('./policies-command.ts')
      await run((context) => listRolesCommand({ ...flags, directory }, context))
    })
  administers(roles.command('create').description('Make a role.').argument('<name>', 'its name, as tokens and policies say it'))
    .option('--bypass-rls', 'row-level security does not bind it, inside the buckets of its own account')
    .option('--inherits <roles>', 'what is for these roles is for it too: a,b', parseNames)
    .option('--replace', 'change it where it is there already')
    .option('--json', 'print the outcome as JSON')
    .action(async (name: string, directory: string, flags: Omit<CreateRoleOptions, 'directory' | 'name'>) => {
      const { createRoleCommand } = await import('./policies-command.ts')
      await run((context) => createRoleCommand({ ...flags, name, directory }, context))
    })
  administers(roles.command('delete').description('Delete a role that no policy is for, and no other role inherits.').argument('<name>'))
    .option('--json', 'print the outcome as JSON')
    .action(async (name: string, directory: string, flags: Omit<PolicyCommandOptions, 'directory'>) => {
      const { deleteRoleCommand } = await import('./policies-command.ts')
      await run((context) => deleteRoleCommand({ ...flags, name, directory }, context))
    })
}

function addImport(policies: Command, { administers, run }: StoredKeysParts): void {
  const command = policies.command('import').description('Read CREATE POLICY statements and put what they say: all of it or nothing.')
  administers(command.argument('[file]', 'SQL; not with --from'))
    .option('--from <url>', 'read them from this Postgres (postgres://…), which is not changed; PGPASSWORD may hold the password')
    .option('--relations <file>', 'JSON: tables that policies may look into, beside those that there are')
    .option('--replace', 'remove every policy that is not among them')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print the outcome as JSON')
    .action(async (file: string | undefined, dir: string, flags: Omit<ImportPoliciesOptions, 'directory' | 'file'>) => {
      const place = importPlace({ file, dir, given: command.args.length }, flags.from !== undefined)
      const { importPoliciesCommand } = await import('./import-policies-command.ts')
      await run((context) => importPoliciesCommand({ ...flags, ...place }, context))
    })
}

interface ImportArguments {
  readonly file: string | undefined
  readonly dir: string
  /** How many there are. */
  readonly given: number
}

/** With `--from` the first argument is the directory. */
function importPlace({ file, dir, given }: ImportArguments, isFromDatabase: boolean): Pick<ImportPoliciesOptions, 'file' | 'directory'> {
  if (isFromDatabase) {
    if (given > 1) throw new Error('A file, or --from: not both.')
    return { file: null, directory: file ?? dir }
  }
  if (file === undefined) throw new Error('Which file? Or --from, and a Postgres.')
  return { file, directory: dir }
}

function addStoredPolicies(policies: Command, { administers, run }: StoredKeysParts): void {
  administers(policies.command('list').description('List policies.'))
    .option('--json', 'print them as JSON')
    .action(async (directory: string, flags: Omit<PolicyCommandOptions, 'directory'>) => {
      const { listPoliciesCommand } = await import('./policies-command.ts')
      await run((context) => listPoliciesCommand({ ...flags, directory }, context))
    })
  const named = (name: string, description: string): Command =>
    administers(policies.command(name).description(description).argument('<name>', 'the policy'))
      .option('--table <table>', 'objects or buckets, where both have one of this name', parseTable)
      .option('--json', 'print it as JSON')
  named('show', 'Show a policy as the CREATE POLICY that means the same; as JSON, with its predicates.')
    .option('--sql', 'print SQL, even where nobody is looking')
    .action(async (name: string, directory: string, flags: Omit<ShowPolicyOptions, 'directory' | 'name'>) => {
      const { showPolicyCommand } = await import('./policies-command.ts')
      await run((context) => showPolicyCommand({ ...flags, name, directory }, context))
    })
  named('remove', 'Remove a policy, at once.').action(
    async (name: string, directory: string, flags: Omit<ShowPolicyOptions, 'directory' | 'name'>) => {
      const { removePolicyCommand } = await import('./policies-command.ts')
      await run((context) => removePolicyCommand({ ...flags, name, directory }, context))
    },
  )
}

type ExplainFlags = Omit<ExplainPoliciesOptions, 'directory' | 'operation' | 'place'>

function addExplain(policies: Command, { administers, run }: StoredKeysParts): void {
  const command = policies
    .command('explain')
    .description('Say why a request would be allowed or refused. Nothing is executed.')
    .argument('<operation>', 'such as GetObject, PutObject, DeleteObject, ListObjects')
    .argument('<bucket>')
    .argument('[key]', 'of an operation on an object')
  administers(command)
    .option('--as <role>', 'who: a role, such as authenticated or anon')
    .option('--sub <sub>', 'and the user behind it')
    .option('--claims <json>', 'and what the token says beside', parseJsonObject)
    .option('--account <id>', 'whose user it is (default: root); alone, the account itself')
    .option('--anonymous', 'who: nobody known')
    .option('--key <id>', 'who: an access key')
    .option('--size <bytes>', 'of a write: how much; of a read: what the object would have', parseCount)
    .option('--header <name=value>', 'of a write, or of the object: content-type=…, x-amz-meta-…=… (repeatable)', collect)
    .option('--owned-by <sub>', 'take it that the object is there, and is this one’s')
    .option('--no-overwrite', 'of a write: it may not replace')
    .option('--source <bucket/key>', 'of a copy')
    .option('--version-id <id>', 'which version')
    .option('--prefix <text>', 'of a listing')
    .option('--delimiter <text>', 'of a listing')
    .option('--fact <name=value>', 'what a door would find out: sourceIp=…, secureTransport=true (repeatable)', collect)
    .option('--jurisdiction <name>', 'of the bucket')
    .option('--text', 'print text, even where nobody is looking')
    .option('--json', 'print it as JSON')
    .action(async (...given: unknown[]) => {
      const flags = command.opts<ExplainFlags>()
      const place = await explainPlace(given, command.args.length)
      const { explainPoliciesCommand } = await import('./explain-policies-command.ts')
      await run((context: CliContext) => explainPoliciesCommand({ ...flags, ...place }, context))
    })
}

/** What is about a bucket has no key: the directory stands in its place. */
async function explainPlace(
  given: readonly unknown[],
  count: number,
): Promise<Pick<ExplainPoliciesOptions, 'operation' | 'place' | 'directory'>> {
  // Commander: the arguments, then options and command.
  const [operation = '', bucket = '', key, dir = ''] = given as readonly (string | undefined)[]
  const { isAboutObject } = await import('./explain-policies-command.ts')
  if (isAboutObject(operation)) {
    if (key === undefined) throw new Error(`${operation} is about an object: say its key.`)
    return { operation, place: [bucket, key], directory: dir }
  }
  if (count > 3) throw new Error(`${operation} is about a bucket, and takes no key.`)
  return { operation, place: [bucket], directory: key ?? dir }
}

function addTest(policies: Command, { administers, run }: StoredKeysParts): void {
  administers(
    policies
      .command('test')
      .description('Hold policies against cases: who, what, expected. Nothing is executed. Exit code 1 where one fails.')
      .argument('<file>', 'the cases, as YAML'),
  )
    .option('--text', 'print text, even where nobody is looking')
    .option('--json', 'print the outcome as JSON')
    .action(async (file: string, directory: string, flags: Omit<TestPoliciesOptions, 'directory' | 'file'>) => {
      const { testPoliciesCommand } = await import('./test-policies-command.ts')
      await run((context) => testPoliciesCommand({ ...flags, file, directory }, context))
    })
}
