import type { Requirement } from './policy.ts'
import { ALWAYS, NEVER } from './predicate.ts'

/** A requirement that every row meets. */
export function unconditional(policyVersion: number): Requirement {
  return {
    policyVersion,
    existing: ALWAYS,
    proposed: ALWAYS,
    finalCreated: ALWAYS,
    finalReplaced: ALWAYS,
    deniedExisting: 'forbidden',
    whenAbsent: 'absent',
  }
}

/** A requirement that no row meets, and that tells the caller nothing about what is there. */
export function refused(policyVersion: number): Requirement {
  return {
    policyVersion,
    existing: NEVER,
    proposed: NEVER,
    finalCreated: NEVER,
    finalReplaced: NEVER,
    deniedExisting: 'forbidden',
    whenAbsent: 'forbidden',
  }
}
