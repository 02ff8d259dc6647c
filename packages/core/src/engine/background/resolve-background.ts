import { StorageError } from '../../errors/storage-error.ts'

/** What an engine does behind the calls, and how often. */
export interface BackgroundRules {
  /** How long after one run of the collector, of whatever process, the next one begins. More than 0, at most a day. */
  readonly garbageEverySeconds: number
}

/** Whether an engine works in the background, as its option says it. */
export type BackgroundOption = 'never' | Partial<BackgroundRules>

const DEFAULT_RULES: BackgroundRules = { garbageEverySeconds: 30 }
const EVERY_SECONDS_MAX = 86_400

/** The rules of an engine that works in the background, over the defaults; null for one that does not. Throws `InvalidArgument` for what is none. */
export function resolveBackground(option: BackgroundOption = 'never'): BackgroundRules | null {
  if (option === 'never') return null
  for (const [name, value] of Object.entries(option)) {
    if (!Object.hasOwn(DEFAULT_RULES, name)) throw invalid(name, 'is no rule of the background')
    if (!(Number.isFinite(value) && value > 0 && value <= EVERY_SECONDS_MAX))
      throw invalid(name, `is more than 0, and at most ${EVERY_SECONDS_MAX}`)
  }
  return Object.freeze({ ...DEFAULT_RULES, ...option })
}

function invalid(name: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: `background.${name}`, reason })
}
