import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { MetadataStore } from '@stowage/core'
import { parseBackendLocation } from '../../stores/backend-location.ts'
import { readKeptBackend } from '../../stores/kept-backend.ts'

/** What a backup is of. */
export interface BackedUpPlaces {
  /** Open: says where the bytes are. */
  readonly metadata: MetadataStore
  readonly dataDirectory: string
}

/** Throws where the directory of a backup and what it is of lie within each other, by whatever links. Nothing is made. */
export async function checkApart(to: string, { metadata, dataDirectory }: BackedUpPlaces): Promise<void> {
  const places = [dataDirectory]
  const { current, former } = await readKeptBackend(metadata)
  for (const text of [current, former]) {
    const location = text === null ? null : parseBackendLocation(text, dataDirectory)
    if (location?.kind === 'file' && location.directory !== '') places.push(location.directory)
  }
  const real = await realOf(to)
  for (const place of places) {
    const other = await realOf(place)
    if (!isWithin(real, other) && !isWithin(other, real)) continue
    throw new Error(`${to} and ${place} lie within each other: a backup is kept apart from what it is of.`)
  }
}

/** Whether a path is the other one, or below it. */
function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** A path without links, as far as it is there. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    return join(await realOf(parent), basename(path))
  }
}
