const LONE_SURROGATE = /\p{Surrogate}/u

/** Whether the text has a UTF-8 form that reads back as the same text, which one with half a surrogate pair has not. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text)
}
