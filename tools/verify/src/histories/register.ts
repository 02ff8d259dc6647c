import type { KeyAnswer, KeyRequest } from './history.ts'

/** What a key holds; null where it holds nothing. */
export type KeyState = string | null

/** What a key that holds `state` holds after the request was carried out; undefined where it would have been answered otherwise. */
export function stateAfter(state: KeyState, request: KeyRequest, answer: Exclude<KeyAnswer, 'unknown'>): KeyState | undefined {
  const told = answerOf(state, request)
  const same = typeof told === 'object' && typeof answer === 'object' ? told.holds === answer.holds : told === answer
  if (!same) return undefined
  if (answer !== 'done') return state
  return request.kind === 'put' ? request.value : null
}

/** What S3 answers. */
function answerOf(state: KeyState, request: KeyRequest): Exclude<KeyAnswer, 'unknown'> {
  if (request.kind === 'read') return state === null ? 'absent' : { holds: state }
  const { condition } = request
  if (condition === 'none') return 'done'
  if (condition === 'absent') return state === null ? 'done' : 'refused'
  if (state === null) return 'absent'
  return state === condition.holds ? 'done' : 'refused'
}
