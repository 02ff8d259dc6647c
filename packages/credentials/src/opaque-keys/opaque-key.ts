import { hash, timingSafeEqual } from 'node:crypto'
import { secretBytes } from '../secret-bytes.ts'

/** What an opaque key stands for: a component that everybody may look into, or one that nobody may. */
export type OpaqueKeyKind = 'publishable' | 'secret'

/** A presented key that is no typo. Whether there is such a key is for the store to say, asked by digest. */
export interface OpaqueKey {
  readonly kind: OpaqueKeyKind
  /** SHA-256 of the whole key, 64 lower-case hexadecimal digits: what is stored, looked up and logged instead of it. */
  readonly digest: string
}

const FORM = /^sb_(publishable|secret)_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{8})$/
/** 17 bytes are 23 characters of base64url; of these the first 22 are taken: 132 bits. */
const RANDOM_BYTES = 17
const RANDOM_LENGTH = 22
const CHECKSUM_LENGTH = 8

/** Makes a key for a project, as Supabase does. It is shown once: only its digest is kept, of a publishable one also the text. */
export function createOpaqueKey(kind: OpaqueKeyKind, projectRef: string): string {
  const random = secretBytes(RANDOM_BYTES).toString('base64url').slice(0, RANDOM_LENGTH)
  const body = `sb_${kind}_${random}`
  return `${body}_${checksum(body, projectRef)}`
}

/**
 * Reads a presented key; null for anything that this project never made. Its checksum says so without a look into a store,
 * which is no proof that the key exists.
 */
export function readOpaqueKey(text: string, projectRef: string): OpaqueKey | null {
  const [, kind, , given] = FORM.exec(text) ?? []
  if (given === undefined) return null
  const expected = checksum(text.slice(0, -CHECKSUM_LENGTH - 1), projectRef)
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(given))) return null
  return { kind: kind === 'secret' ? 'secret' : 'publishable', digest: opaqueKeyDigest(text) }
}

/** Whether a text is meant as an opaque key, well-formed or not. Such a text is never a JWT. */
export function isOpaqueKeyLike(text: string): boolean {
  return text.startsWith('sb_')
}

/** What is stored of a key in its place: SHA-256 in hexadecimal. The keys are random enough that it needs no salt. */
export function opaqueKeyDigest(key: string): string {
  return hash('sha256', key)
}

function checksum(body: string, projectRef: string): string {
  return hash('sha256', `${projectRef}|${body}`, 'base64url').slice(0, CHECKSUM_LENGTH)
}
