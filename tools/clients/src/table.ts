import { CHECK_NAMES, TRANSPORTS } from './check-names.ts'
import type { CheckName } from './check-names.ts'
import type { ClientFindings, Verdict } from './findings.ts'

const BEGIN = '<!-- clients:begin: written by `npm run clients -- --write` -->'
const END = '<!-- clients:end -->'
const SIGNS: ReadonlyMap<Verdict, string> = new Map([
  ['passes', '✓'],
  ['fails', '✗'],
])

/**
 * The table as Markdown: a column for each client, a row for each check. A cell has one sign where HTTP and HTTPS agree, else one
 * for each of them; the limits are numbered, and named below.
 */
export function tableOf(clients: readonly ClientFindings[]): string {
  const limits: string[] = []
  const cell = (client: ClientFindings, check: CheckName): string => {
    const signs = TRANSPORTS.flatMap((transport) => {
      const verdict = client.verdicts[transport]?.[check]
      if (verdict === undefined) return []
      const reason = verdict.slice('limit: '.length)
      return [{ transport, sign: SIGNS.get(verdict) ?? `limit ${numberOf(limits, `${client.title} ${reason}.`)}` }]
    })
    const [first] = signs
    if (first === undefined) return ''
    const agree = signs.length === TRANSPORTS.length && signs.every(({ sign }) => sign === first.sign)
    return agree ? first.sign : signs.map(({ transport, sign }) => `${transport.toUpperCase()} ${sign}`).join(', ')
  }
  const rows = CHECK_NAMES.map((check) => [check, ...clients.map((client) => cell(client, check))])
  const heads = ['over HTTP and HTTPS', ...clients.map(({ title, version }) => `${title} ${version}`)]
  const settings = clients.flatMap((client) => (client.setting === null ? [] : [`- ${client.title} ${client.setting}.`]))
  return [
    ...aligned(heads, rows),
    ...section(
      'Limits of the clients:',
      limits.map((limit, at) => `${at + 1}. ${limit}`),
    ),
    ...section('Settings that they need:', settings),
  ].join('\n')
}

/** The text with the table between the markers. Throws where they are not there. */
export function withTable(text: string, table: string): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`README.md has no ${BEGIN} … ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, '', ...lines]
}

function numberOf(limits: string[], limit: string): number {
  if (!limits.includes(limit)) limits.push(limit)
  return limits.indexOf(limit) + 1
}

/** As oxfmt lays a table out, so that the formatter has nothing to say about what was written. */
function aligned(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(heads), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)]
}
