import type { KeyOperation } from './history.ts'
import { stateAfter } from './register.ts'
import type { KeyState } from './register.ts'

/** Whether one order explains all that was answered. */
export type Linearization =
  | { readonly found: true; readonly order: readonly KeyOperation[] }
  /** `order` is the longest beginning that was found, `state` what the key holds then, and `stuck` what could have come next. */
  | {
      readonly found: false
      /** False where the search was given up. */
      readonly decided: boolean
      readonly order: readonly KeyOperation[]
      readonly state: KeyState
      readonly stuck: readonly KeyOperation[]
    }

/** Configurations that are looked at; a history of some hundred operations needs about as many. */
const CONFIGURATIONS_MAX = 1_000_000

/**
 * Looks for an order of the operations of one key in which each was answered as if it had been carried out alone, at one moment between
 * its request and its answer: linearizability (Herlihy and Wing). The search is that of Wing and Gong, which remembers where it has been (Lowe,
 * "Testing for linearizability").
 *
 * What was not answered may have been carried out at any time after its request, or never. Such a write is put off for as long as it can be: it
 * is placed only where what follows could not have followed without it. Nothing is missed by that: what follows and could have done
 * without it either changes nothing, then the two can change places, or overwrites it, then it can be left out. And what was no write, or was
 * refused, comes as soon as it can: it changes nothing for the others.
 */
export function linearize(operations: readonly KeyOperation[], initial: KeyState = null): Linearization {
  return new Search(operations, initial).run()
}

/** One step from a configuration to the next. */
interface Step {
  readonly operation: KeyOperation
  /** Its place among the answered ones, or among the others. */
  readonly index: number
  readonly answered: boolean
  readonly state: KeyState
}

interface Frame {
  readonly state: KeyState
  /** Where the last step was a write that was not answered: what the key held before it. */
  readonly without: KeyState | undefined
  readonly steps: readonly Step[]
  next: number
  /** The step that led here; null at the beginning. */
  readonly step: Step | null
}

class Search {
  readonly #initial: KeyState
  readonly #answered: readonly KeyOperation[]
  readonly #doubtful: readonly KeyOperation[]
  /** What each doubtful write can stand for: of those that nobody can tell apart one is enough. */
  readonly #classes: readonly (string | null)[]
  readonly #placed: Uint8Array
  readonly #used: Uint8Array
  readonly #seen = new Set<string>()
  #left: number
  /** All answered ones before it are placed. */
  #firstOpen = 0
  #longest: Extract<Linearization, { readonly found: false }>

  constructor(operations: readonly KeyOperation[], initial: KeyState) {
    const sorted = operations.toSorted((a, b) => a.invokedAt - b.invokedAt)
    this.#initial = initial
    this.#answered = sorted.filter(({ answer }) => answer !== 'unknown')
    // A read that was not answered says nothing.
    this.#doubtful = sorted.filter(({ answer, request }) => answer === 'unknown' && request.kind !== 'read')
    const looked = valuesLookedAt(operations)
    this.#classes = this.#doubtful.map((operation) => classOf(operation, looked))
    this.#placed = new Uint8Array(this.#answered.length)
    this.#used = new Uint8Array(this.#doubtful.length)
    this.#left = this.#answered.length
    this.#longest = { found: false, decided: true, order: [], state: initial, stuck: [] }
  }

  run(): Linearization {
    const frames: Frame[] = [this.#frame(this.#initial, undefined, null)]
    let fewest = this.#left + 1
    while (this.#left > 0) {
      const frame = frames.at(-1)
      if (frame === undefined) return this.#longest
      if (this.#left < fewest) {
        fewest = this.#left
        this.#longest = { found: false, decided: true, order: orderOf(frames), state: frame.state, stuck: this.#open() }
      }
      const step = frame.steps[frame.next++]
      if (step === undefined) {
        frames.pop()
        if (frame.step !== null) this.#mark(frame.step, 0)
        continue
      }
      this.#mark(step, 1)
      const without = step.answered ? undefined : frame.state
      const configuration = this.#configuration(step.state, without)
      if (this.#seen.has(configuration)) {
        this.#mark(step, 0)
        continue
      }
      if (this.#seen.size >= CONFIGURATIONS_MAX) return { ...this.#longest, decided: false }
      this.#seen.add(configuration)
      frames.push(this.#frame(step.state, without, step))
    }
    return { found: true, order: orderOf(frames) }
  }

  #mark(step: Step, value: 0 | 1): void {
    if (!step.answered) {
      this.#used[step.index] = value
      return
    }
    this.#placed[step.index] = value
    this.#left += value === 1 ? -1 : 1
    if (value === 0) this.#firstOpen = Math.min(this.#firstOpen, step.index)
    else while (this.#placed[this.#firstOpen] === 1) this.#firstOpen += 1
  }

  #frame(state: KeyState, without: KeyState | undefined, step: Step | null): Frame {
    const answered = this.#answeredSteps(state, without)
    const free = answered.find(({ operation }) => operation.answer !== 'done')
    const steps = free === undefined ? [...answered, ...this.#doubtfulSteps(state, without)] : [free]
    return { state, without, steps, next: 0, step }
  }

  /** Those that began before any other one that is open had ended. */
  #open(): KeyOperation[] {
    return this.#openIndexes().flatMap((index) => this.#answered[index] ?? [])
  }

  #openIndexes(): readonly number[] {
    const open: number[] = []
    let end = Infinity
    for (let index = this.#firstOpen; index < this.#answered.length; index += 1) {
      const operation = this.#answered[index]
      if (operation === undefined || operation.invokedAt > end) break
      if (this.#placed[index] === 1) continue
      end = Math.min(end, operation.returnedAt)
      open.push(index)
    }
    return open.filter((index) => (this.#answered[index]?.invokedAt ?? 0) <= end)
  }

  #answeredSteps(state: KeyState, without: KeyState | undefined): readonly Step[] {
    const steps: Step[] = []
    for (const index of this.#openIndexes()) {
      const operation = this.#answered[index]
      if (operation === undefined || operation.answer === 'unknown') continue
      const after = stateAfter(state, operation.request, operation.answer)
      if (after === undefined) continue
      if (without !== undefined && stateAfter(without, operation.request, operation.answer) !== undefined) continue
      steps.push({ operation, index, answered: true, state: after })
    }
    // Whoever must be placed first is tried first.
    return steps.toSorted((a, b) => a.operation.returnedAt - b.operation.returnedAt)
  }

  #doubtfulSteps(state: KeyState, without: KeyState | undefined): readonly Step[] {
    const end = Math.min(...this.#open().map(({ returnedAt }) => returnedAt))
    const steps: Step[] = []
    const classes = new Set<string>()
    for (const [index, operation] of this.#doubtful.entries()) {
      if (operation.invokedAt > end) break
      if (this.#used[index] === 1) continue
      const after = stateAfter(state, operation.request, 'done')
      if (after === undefined || after === state) continue
      if (without !== undefined && stateAfter(without, operation.request, 'done') !== undefined) continue
      const like = this.#classes[index] ?? null
      if (like !== null) {
        if (classes.has(like)) continue
        classes.add(like)
      }
      steps.push({ operation, index, answered: false, state: after })
    }
    return steps
  }

  #configuration(state: KeyState, without: KeyState | undefined): string {
    const ahead: number[] = []
    for (let index = this.#firstOpen; index < this.#placed.length; index += 1) if (this.#placed[index] === 1) ahead.push(index)
    const used: number[] = []
    for (const [index, value] of this.#used.entries()) if (value === 1) used.push(index)
    return JSON.stringify([state, without ?? (without === null ? 0 : 1), this.#firstOpen, ahead, used])
  }
}

function orderOf(frames: readonly Frame[]): readonly KeyOperation[] {
  return frames.flatMap(({ step }) => (step === null ? [] : [step.operation]))
}

/** What somebody read, or made a condition of. */
function valuesLookedAt(operations: readonly KeyOperation[]): ReadonlySet<string> {
  const values = new Set<string>()
  for (const { request, answer } of operations) {
    if (typeof answer === 'object') values.add(answer.holds)
    if (request.kind !== 'read' && typeof request.condition === 'object') values.add(request.condition.holds)
  }
  return values
}

/** Writes of one class do the same, as far as anybody can tell; null for one that is like no other. */
function classOf({ request }: KeyOperation, looked: ReadonlySet<string>): string | null {
  if (request.kind === 'read') return null
  if (request.kind === 'put' && looked.has(request.value)) return null
  return JSON.stringify([request.kind, request.condition])
}
