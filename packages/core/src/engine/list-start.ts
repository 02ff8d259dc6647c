import type { EngineContext } from './context.ts'
import { isSealedForm, type ListingPlace, type ListingPosition } from './listing-positions.ts'

/** Where a client wants a page to begin: said plainly, or sealed; null from the first. */
export type ListStart = ListingPosition | SealedStart | null

/** A position that only the listing which gave it can open. */
export interface SealedStart {
  readonly sealed: string
}

/** The start that a text says where it has the form of a sealed position; null where it has not. */
export function sealedStart(text: string | undefined): SealedStart | null {
  return text !== undefined && isSealedForm(text) ? { sealed: text } : null
}

/** Opens what is sealed. Undefined for what no page of this listing gave. */
export async function openStart(
  { positions }: Pick<EngineContext, 'positions'>,
  place: ListingPlace,
  start: ListStart,
): Promise<ListingPosition | null | undefined> {
  if (start === null || !('sealed' in start)) return start
  return (await positions.open(place, start.sealed)) ?? undefined
}
