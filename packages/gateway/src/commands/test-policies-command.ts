import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { explain } from './explain-policies-command.ts'
import { explanationText, isUndecided } from './explanation-text.ts'
import type { PolicyCommandOptions } from './policies-command.ts'
import type { ShownExplanation } from '../administration/policy-administration.ts'
import { parsePolicyCases } from './policy-cases.ts'
import type { PolicyCase } from './policy-cases.ts'
import { readText } from './read-text.ts'

/** What `stowage policies test` was told. */
export interface TestPoliciesOptions extends PolicyCommandOptions {
  /** The cases, as YAML. */
  readonly file: string
  /** Text, even where nobody is looking. */
  readonly text?: boolean
}

/** A case, and what came of it. */
export interface TestedCase extends PolicyCase {
  /** `undecided`: there is no such object, and only its row would have told. Never what was expected. */
  readonly outcome: 'allow' | 'deny' | 'undecided'
  readonly explanation: ShownExplanation
}

/** Holds policies against what is expected of them; nothing is executed. Exit code 1 where a case does not come out as it says. */
export async function testPoliciesCommand(options: TestPoliciesOptions, context: CliContext): Promise<number> {
  const cases = parsePolicyCases(await readText(options.file), options.file)
  const explanations = await explain(
    cases.map(({ wish }) => wish),
    options,
    context,
  )
  const tested = cases.map((one, index): TestedCase => {
    const explanation = explanations[index]
    if (explanation === undefined) throw new Error('The server answered with too few explanations: it is of another version.')
    const outcome = isUndecided(explanation) ? 'undecided' : explanation.allowed ? 'allow' : 'deny'
    return { ...one, outcome, explanation }
  })
  const readable = options.text === true || (options.json !== true && context.stdout.isTTY === true)
  context.stdout.write(readable ? testedText(tested) : `${JSON.stringify(shown(tested))}\n`)
  return tested.every(isPassed) ? EXIT.ok : EXIT.damage
}

/** What came of each case, for people: those that failed with their explanation. */
export function testedText(tested: readonly TestedCase[]): string {
  const failed = tested.filter((one) => !isPassed(one))
  const lines = tested.map((one) => (isPassed(one) ? `ok       ${one.name}\n` : `FAILED   ${one.name}\n${failureText(one)}`))
  return `${lines.join('')}${tested.length - failed.length} passed, ${failed.length} failed.\n`
}

function failureText({ expected, outcome, wish, explanation }: TestedCase): string {
  const complaint =
    outcome === 'undecided'
      ? `Expected ${expected}, and nothing was decided: there is no such object. Say in 'existing' what it would be.`
      : `Expected ${expected}, got ${outcome}.`
  const lines = `${complaint}\n\n${explanationText(wish, explanation)}`.trimEnd().split('\n')
  return `\n${lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}\n`
}

function isPassed({ expected, outcome }: TestedCase): boolean {
  return expected === outcome
}

function shown(tested: readonly TestedCase[]): unknown {
  const passed = tested.filter(isPassed).length
  const cases = tested.map((one) => {
    const { name, expected, outcome, explanation } = one
    return isPassed(one) ? { name, expected, outcome, passed: true } : { name, expected, outcome, passed: false, explanation }
  })
  return { passed, failed: tested.length - passed, cases }
}
