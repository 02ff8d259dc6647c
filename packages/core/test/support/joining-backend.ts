import type { Backend, JoinFacet } from '../../src/backend/backend.ts'

/** The backend with another way to join; `of` is given its own. */
export function joiningBackend(inner: Backend, of: (facet: JoinFacet) => JoinFacet['join']): Backend {
  const facet = inner.joining
  if (facet === undefined) throw new Error(`${inner.name} does not join`)
  const joining: JoinFacet = { ...facet, join: of(facet) }
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'joining') return joining
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A backend that runs something between a join and its answer. */
export function meanwhile(inner: Backend, run: () => Promise<unknown>, answer: (size: number) => number = (size) => size): Backend {
  return joiningBackend(inner, (facet) => async (...call) => {
    const { size } = await facet.join(...call)
    await run()
    return { size: answer(size) }
  })
}

/** How many blobs lie in the backend. */
export async function blobCount(backend: Backend): Promise<number> {
  let count = 0
  for await (const _ of backend.list({ prefix: '' })) count += 1
  return count
}
