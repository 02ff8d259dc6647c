import { buffer } from 'node:stream/consumers'
import { fsck, isStorageError } from '@stowage/core'
import type { Session } from '@stowage/core'
import { allowedLabels, BUCKET, bytesOf } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'
import { openEngineIn, openStores, OWNER } from './stores.ts'

/**
 * Opens what a crash has left, and says what is wrong with it: an acknowledged change that is not there, a mixture of old
 * and new, garbage that is still there once its grace is over, rows and blobs that do not agree.
 */
export async function checkDirectory(directory: string, scenario: Scenario, acknowledged: number): Promise<readonly string[]> {
  const failures: string[] = []
  const engine = await openEngineIn(directory, { daysLater: 30, writer: 'inline' })
  try {
    const session = engine.as(OWNER)
    for (const [key, labels] of allowedLabels(scenario, acknowledged)) {
      const found = await read(session, key)
      const fits = [...labels].some((label) => (label === null ? found === null : found?.equals(bytesOf(label)) === true))
      if (!fits)
        failures.push(`${key} holds ${found === null ? 'nothing' : `${found.length} bytes`} after ${acknowledged} acknowledged steps`)
    }
    let collected = 1
    while (collected > 0) {
      const { blobs, uploads } = await engine.collectGarbage({ limit: 1000 })
      collected = blobs + uploads
    }
  } finally {
    await engine.close()
  }
  failures.push(...(await checkAgreement(directory)))
  return failures
}

async function read(session: Session, key: string): Promise<Buffer | null> {
  try {
    const object = await session.getObject({ bucket: BUCKET, key })
    return object.bytes === null ? await buffer(await object.open()) : Buffer.from(object.bytes)
  } catch (error) {
    if (isStorageError(error) && error.code === 'ObjectNotFound') return null
    throw error
  }
}

/** What fsck finds, deep. Everything counts: after the grace no garbage may be left either. */
async function checkAgreement(directory: string): Promise<readonly string[]> {
  const { metadata, backend } = openStores(directory, { writer: 'inline' })
  const report = await fsck({ metadata, backends: { main: backend }, deep: true })
  return report.findings.map((finding) => `fsck: ${JSON.stringify(finding)}`)
}
