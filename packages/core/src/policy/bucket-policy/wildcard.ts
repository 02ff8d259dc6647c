/** A text in which `*` stands for any characters, `?` for one, and `${name}` for what the request says. */
export interface Pattern {
  readonly steps: readonly PatternStep[]
}

/** A literal text, a wildcard, or the name of a variable. */
export type PatternStep = { readonly text: string } | '*' | '?' | { readonly variable: string }

/** What a variable is in this request; null where the request does not say. */
export type VariableOf = (name: string) => string | null

/** A pattern in which every variable has its value: code points, and these two. */
type Resolved = readonly number[]
/** Of a text, and of a pattern with its variables filled in: a key has 1,024 bytes, an ARN little more. */
const TEXT_LENGTH_MAX = 4_096
/** A key under a pattern of a few stars takes a few thousand. */
const STEPS_MAX = 100_000
const ANY = -1
const ONE = -2

/** How `readPattern` reads. */
export interface PatternSyntax {
  /** Whether `${…}` names a variable: it does in policies of version 2012-10-17. */
  readonly variables: boolean
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean
  /** Whether there is such a variable. */
  readonly isVariable: (name: string) => boolean
}

/** Reads a pattern; a text instead where it is none, which says why. `${*}`, `${?}` and `${$}` are the characters themselves. AWS: reference_policies_variables. */
export function readPattern(source: string, { variables, wildcards, isVariable }: PatternSyntax): Pattern | string {
  const steps: PatternStep[] = []
  let at = 0
  const pushText = (text: string): void => {
    const last = steps.at(-1)
    if (typeof last === 'object' && 'text' in last) steps[steps.length - 1] = { text: last.text + text }
    else steps.push({ text })
  }
  while (at < source.length) {
    const character = source.charAt(at)
    if (variables && source.startsWith('${', at)) {
      const end = source.indexOf('}', at)
      if (end < 0) return 'has a ${ without its }'
      const name = source.slice(at + 2, end)
      if (name === '*' || name === '?' || name === '$') pushText(name)
      else if (isVariable(name)) steps.push({ variable: name })
      else return `names the variable '${name}', which nobody knows`
      at = end + 1
      continue
    }
    if (wildcards && (character === '*' || character === '?')) steps.push(character)
    else pushText(character)
    at += 1
  }
  return { steps }
}

/**
 * Whether a text is what a pattern says; null where a variable of it has no value, and where it is longer, or takes longer, than any that is
 * meant: a bounded number of steps, whatever the pattern.
 */
export function matchesPattern({ steps }: Pattern, text: string, variable: VariableOf): boolean | null {
  if (text.length > TEXT_LENGTH_MAX) return null
  const pattern: number[] = []
  for (const step of steps) {
    if (step === '*') pattern.push(ANY)
    else if (step === '?') pattern.push(ONE)
    else {
      const literal = 'text' in step ? step.text : variable(step.variable)
      if (literal === null) return null
      // Of a variable, a star is a star.
      if (pattern.length + literal.length > TEXT_LENGTH_MAX) return null
      for (const character of literal) pattern.push(character.codePointAt(0) ?? 0)
    }
  }
  return matches(pattern, codePoints(text))
}

/** What a pattern without wildcards says; null where a variable of it has no value. */
export function patternText({ steps }: Pattern, variable: VariableOf): string | null {
  let text = ''
  for (const step of steps) {
    const literal = typeof step === 'string' ? step : 'text' in step ? step.text : variable(step.variable)
    if (literal === null) return null
    text += literal
  }
  return text
}

/**
 * Two places, and one to come back to: the last star. An earlier star never has to take more, since whatever it would give up the last
 * one can take.
 */
function matches(pattern: Resolved, text: readonly number[]): boolean | null {
  let steps = 0
  let at = 0
  let star = -1
  let taken = 0
  let place = 0
  while (place < text.length) {
    steps += 1
    if (steps > STEPS_MAX) return null
    const step = pattern[at]
    if (step === ANY) {
      star = at
      taken = place
      at += 1
    } else if (step !== undefined && (step === ONE || step === text[place])) {
      at += 1
      place += 1
    } else if (star >= 0) {
      taken += 1
      place = taken
      at = star + 1
    } else {
      return false
    }
  }
  while (pattern[at] === ANY) at += 1
  return at === pattern.length
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}
