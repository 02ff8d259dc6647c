import { createDecipheriv, hkdfSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { givenMasterKeys } from './given-master-keys.ts'
import { temporaryMasterKeys } from './temporary-master-keys.ts'
import { openSecret, resealSecret, sealSecret } from './seal-secret.ts'

const MASTER = Buffer.from('0123456789abcdef0123456789abcdef')
const OTHER = Buffer.alloc(32, 7)
const keys = givenMasterKeys(MASTER)
const FOR = { purpose: 'test', id: 'one' }
/** Made once: what is stored must open for good. */
const KEPT = Buffer.from('ARBjMmQ1YTU0YWIwZWQ2MDYwFYuZ7n6ZYwiOaEhRCJPWAJ9-KVfYKbTGkakSipnTuEFBBkEDIOU', 'base64url')

async function expectUnopened(opening: Promise<unknown>): Promise<void> {
  const error = await opening.catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'StoreUnavailable', message: expect.stringMatching(/^A sealed secret does not open: /) })
  expect(error).not.toHaveProperty('cause')
}

test('what is sealed opens, whatever it is, and looks different each time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.string(), fc.string(), async (secret, purpose, id) => {
      const sealed = await sealSecret(secret, { purpose, id }, keys)
      expect(Uint8Array.from(await openSecret(sealed, { purpose, id }, keys))).toEqual(secret)
      expect(await sealSecret(secret, { purpose, id }, keys)).not.toEqual(sealed)
    }),
  )
})

test('what was sealed long ago opens, and is what its description says', async () => {
  expect(Buffer.from(await openSecret(KEPT, FOR, keys)).toString()).toBe('the secret')
  // By hand: format, length and id of the master key; nonce; ciphertext; tag.
  const header = KEPT.subarray(0, 2 + 16)
  expect(header.toString('latin1')).toBe(`\u0001\u0010${(await keys.current()).id}`)
  const key = hkdfSync('sha256', MASTER, '', 'stowage sealed secret\0test', 32)
  const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(key), KEPT.subarray(18, 30))
  decipher.setAAD(Buffer.concat([header, Buffer.from([0, 0, 0, 4]), Buffer.from('testone')]))
  decipher.setAuthTag(KEPT.subarray(-16))
  expect(decipher.update(KEPT.subarray(30, -16), undefined, 'utf8') + decipher.final('utf8')).toBe('the secret')
})

describe('what does not open says nothing but that', () => {
  test('every bit of it counts', async () => {
    for (let bit = 0; bit < KEPT.length * 8; bit += 1) {
      const changed = Buffer.from(KEPT)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      await expectUnopened(openSecret(changed, FOR, keys))
    }
  })

  test('every byte of it is needed, and none more', async () => {
    for (let length = 0; length < KEPT.length; length += 1) {
      await expectUnopened(openSecret(KEPT.subarray(0, length), FOR, keys))
    }
    await expectUnopened(openSecret(Buffer.concat([KEPT, Buffer.alloc(1)]), FOR, keys))
  })

  test('for another purpose or document, or without its master key', async () => {
    for (const sealedFor of [
      { purpose: 'test', id: 'two' },
      { purpose: 'tests', id: 'ne' },
      { purpose: 'testo', id: 'ne' },
      { purpose: '', id: 'testone' },
    ]) {
      await expectUnopened(openSecret(KEPT, sealedFor, keys))
    }
    await expectUnopened(openSecret(KEPT, FOR, givenMasterKeys(OTHER)))
    // A provider that gives another key for the id.
    const wrong = givenMasterKeys(OTHER)
    await expectUnopened(openSecret(KEPT, FOR, { ...wrong, byId: () => wrong.current() }))
  })
})

describe('a new master key', () => {
  test('what is under the former one opens, and is sealed again under the new one, once', async () => {
    const rotated = givenMasterKeys(OTHER, [MASTER])
    const resealed = await resealSecret(KEPT, FOR, rotated)
    if (resealed === null) throw new Error('it was under the former key')
    expect(Buffer.from(await openSecret(resealed, FOR, givenMasterKeys(OTHER))).toString()).toBe('the secret')
    expect(await resealSecret(resealed, FOR, rotated)).toBeNull()
    await expectUnopened(openSecret(resealed, FOR, keys))
    await expectUnopened(resealSecret(KEPT, { ...FOR, id: 'two' }, rotated))
  })

  test("may come from a function of one's own, which answers later", async () => {
    const bytes = OTHER
    const service = { current: () => Promise.resolve({ id: 'kms-1', bytes }), byId: (id: string) => Promise.resolve(id === 'kms-1' ? { id, bytes } : null) } // prettier-ignore
    const sealed = await sealSecret(Buffer.from('x'), FOR, service)
    expect(Buffer.from(await openSecret(sealed, FOR, service)).toString()).toBe('x')
  })

  test('is refused where it is none', async () => {
    for (const length of [0, 16, 31, 33]) {
      expect(() => givenMasterKeys(Buffer.alloc(length))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
      const short = { id: 'a', bytes: Buffer.alloc(length) }
      await expect(sealSecret(MASTER, FOR, { current: () => short, byId: () => short })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    for (const id of ['', 'a b', 'x'.repeat(65), 'ä']) {
      const named = { id, bytes: OTHER }
      await expect(sealSecret(MASTER, FOR, { current: () => named, byId: () => named })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
  })

  test("of a process is that process's", async () => {
    const own = temporaryMasterKeys()
    const sealed = await sealSecret(Buffer.from('x'), FOR, own)
    expect(Buffer.from(await openSecret(sealed, FOR, own)).toString()).toBe('x')
    await expectUnopened(openSecret(sealed, FOR, temporaryMasterKeys()))
  })

  test('is not changed by whoever gave it', async () => {
    const given = Buffer.from(MASTER)
    const provider = givenMasterKeys(given)
    given.fill(0)
    expect(Buffer.from(await openSecret(KEPT, FOR, provider)).toString()).toBe('the secret')
  })
})
