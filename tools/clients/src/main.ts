import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withTemporaryDirectory } from '../../verify/src/crash/temporary-directory.ts'
import type { CheckName } from './check-names.ts'
import type { Client } from './client.ts'
import { CLIENTS } from './clients.ts'
import { CREDENTIAL_CLIENTS, runCredentials } from './credentials/run-credentials.ts'
import { countOf, differences, verdictOf } from './findings.ts'
import type { ClientFindings, Verdict } from './findings.ts'
import { parseOptions } from './options.ts'
import type { ClientsOptions } from './options.ts'
import { planRuns } from './plan.ts'
import type { Planned } from './plan.ts'
import { runClient } from './run-client.ts'
import type { Outcome } from './run-client.ts'
import { tableOf, withTable } from './table.ts'
import type { Toolbox } from './toolbox.ts'

const USAGE = `npm run clients -- [options]

Does with each client, over HTTP and over HTTPS, what people do with it, holds each step against what the server then holds,
and the outcome against the table in README.md. The clients are installed by tools/clients/install.sh.
  --only NAME      this client (repeatable): ${CLIENTS.map(({ name }) => name).join(', ')};
                   or credentials: AWS's clients and rclone with each kind of credential, over HTTP
  --http, --https  over this transport
  --write          write the table into README.md
  --sample         what CI runs: each client over one transport, one of them with 200 MiB
  --seed N         repeats the choice of a sample
  --allow-missing  a client that is missing is named, and is no failure
  --clients DIR    where install.sh has put them`

const README = fileURLToPath(new URL('../../../README.md', import.meta.url))
/** What the table is made of. */
const FINDINGS = fileURLToPath(new URL('../findings.json', import.meta.url))
const INSTALLED = fileURLToPath(new URL('../.installed', import.meta.url))
/** As `--only` takes it. */
const CREDENTIALS = 'credentials'
const SIGNS = { passes: '✓', fails: '✗', limit: 'limit:' } as const

/** A client that is here. */
interface Present {
  readonly client: Client
  readonly version: string
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 2
})

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), { names: [...CLIENTS.map(({ name }) => name), CREDENTIALS], directory: INSTALLED })
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const tools = { directory: resolve(options.directory) }
  const withCredentials = options.only.length === 0 || options.only.includes(CREDENTIALS)
  const isAsked = (name: string): boolean => options.only.length === 0 || options.only.includes(name)
  const asked = CLIENTS.filter(({ name }) => isAsked(name) || (withCredentials && CREDENTIAL_CLIENTS.has(name)))
  const present: Present[] = []
  for (const client of asked) {
    const version = await client.findVersion(tools)
    if (version !== null) present.push({ client, version })
  }
  const missing = asked.filter((client) => !present.some((one) => one.client === client)).map(({ title }) => title)
  if (options.write && missing.length > 0) throw new Error(`--write writes the whole table, and ${missing.join(', ')} is missing here.`)
  if (options.sample) console.log(`seed ${options.seed}`)
  const found = new Map<string, ClientFindings>()
  const faults: string[] = []
  for (const planned of planRuns(
    present.filter(({ client }) => isAsked(client.name)),
    options.transports,
    options.sample ? options : null,
  )) {
    const { name, title, setting } = planned.client.client
    const done = await runOne(planned, tools)
    const verdicts = { ...found.get(name)?.verdicts, [planned.transport]: done.verdicts }
    found.set(name, { name, title, version: planned.client.version, setting, verdicts })
    faults.push(...done.faults.map((fault) => `${title} over ${planned.transport.toUpperCase()}: ${fault}`))
  }
  if (!withCredentials) return conclude([...found.values()], { missing, faults }, options)
  const clients = present.map(({ client }) => client).filter(({ name }) => CREDENTIAL_CLIENTS.has(name))
  const used = await useCredentials(clients, tools, options)
  faults.push(...used.faults)
  if (found.size > 0) return conclude([...found.values()], { missing, faults }, options)
  for (const fault of faults) console.log(`✗ ${fault}`)
  for (const title of missing) console.log(`missing: ${title}; tools/clients/install.sh installs it`)
  return faults.length === 0 && used.count > 0 && (missing.length === 0 || options.allowMissing) ? 0 : 1
}

/** Says of each client and credential whether they go together; those that do not are faults. */
async function useCredentials(
  clients: readonly Client[],
  tools: Toolbox,
  options: ClientsOptions,
): Promise<{ readonly faults: readonly string[]; readonly count: number }> {
  console.log('\n== credentials of each kind, over HTTP')
  const faults: string[] = []
  let count = 0
  const broken = await runCredentials({
    clients,
    tools,
    sample: options.sample ? options : null,
    onOutcome: (title, kind, complaint) => {
      count += 1
      console.log(`${complaint === null ? SIGNS.passes : SIGNS.fails} ${title}, ${kind} ${complaint ?? ''}`.trimEnd())
      if (complaint !== null) faults.push(`${title} with ${kind}: ${complaint}`)
    },
  })
  console.log(`${count - faults.length} of ${count} credentials work`)
  return { faults: [...faults, ...broken], count }
}

interface RunResult {
  readonly verdicts: Readonly<Partial<Record<CheckName, Verdict>>>
  readonly faults: readonly string[]
}

async function runOne(planned: Planned<Present>, tools: Toolbox): Promise<RunResult> {
  const { transport, largeBytes } = planned
  const { client, version } = planned.client
  console.log(`\n== ${client.title} ${version} over ${transport.toUpperCase()}, ${Math.floor(largeBytes / 1024 ** 2)} MiB in parts`)
  const verdicts: Partial<Record<CheckName, Verdict>> = {}
  const onOutcome = (check: CheckName, outcome: Outcome, seconds: number): void => {
    verdicts[check] = verdictOf(outcome)
    console.log(`${SIGNS[outcome.state]} ${check} (${seconds.toFixed(1)} s) ${outcome.because}`.trimEnd())
  }
  const faults = await withTemporaryDirectory((directory) => runClient({ client, transport, tools, directory, largeBytes, onOutcome }))
  return { verdicts, faults }
}

/** What is wrong besides checks that fail. */
interface Troubles {
  readonly missing: readonly string[]
  readonly faults: readonly string[]
}

async function conclude(found: readonly ClientFindings[], { missing, faults }: Troubles, options: ClientsOptions): Promise<number> {
  console.log(`\n${tableOf(found)}\n`)
  for (const fault of faults) console.log(`✗ ${fault}`)
  const stale = options.write ? [] : differences(JSON.parse(await readFile(FINDINGS, 'utf8')) as readonly ClientFindings[], found)
  for (const sentence of stale) console.log(`the table in README.md is not what was found: ${sentence}`)
  for (const title of missing) console.log(`missing: ${title}; tools/clients/install.sh installs it`)
  if (options.write && faults.length === 0) {
    await writeFile(FINDINGS, `${JSON.stringify(found, null, 2)}\n`)
    await writeFile(README, withTable(await readFile(README, 'utf8'), tableOf(found)))
  }
  const { passed, run, limits } = countOf(found)
  if (limits > 0) console.log(`${limits} limits of clients, named above`)
  console.log(`${passed} of ${run} client checks pass`)
  const isGood = passed === run && run > 0 && faults.length === 0 && stale.length === 0
  return isGood && (missing.length === 0 || options.allowMissing) ? 0 : 1
}
