import { METADATA_START, type MetadataSubject } from '@stowage/conformance'
import type { TestedStore } from './stores.ts'

/** Opens a store for the conformance suite, with a clock that only the suite moves. */
export async function openSubject(tested: TestedStore): Promise<MetadataSubject> {
  let now = METADATA_START.getTime()
  const store = await tested.open({ clock: () => new Date(now) })
  return {
    store,
    advance: (milliseconds) => {
      now += milliseconds
    },
  }
}
