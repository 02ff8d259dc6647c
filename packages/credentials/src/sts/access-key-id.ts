import { secretBytes } from '../secret-bytes.ts'

const RANDOM_BYTES = 16
/** RFC 4648 section 6. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const FORM = /^ASIA[A-Z2-7]{26}$/

/** An access key id of a temporary credential: `ASIA`, as AWS has it, and 16 random bytes in base32. */
export function createAccessKeyId(): string {
  let text = 'ASIA'
  let bits = 0
  let value = 0
  for (const byte of secretBytes(RANDOM_BYTES)) {
    value = ((value & 0x1f) << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET.charAt((value >> bits) & 0x1f)
    }
  }
  return text + ALPHABET.charAt((value << (5 - bits)) & 0x1f)
}

/** Whether an access key id is of the form that temporary credentials have. No other key may have it. */
export function isTemporaryAccessKeyId(accessKeyId: string): boolean {
  return FORM.test(accessKeyId)
}
