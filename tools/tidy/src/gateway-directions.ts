/** The rooms of the gateway, each of which sees only those before it. The files at the root see all. */
const ROOMS = ['stores', 'tenants', 'administration', 'serving', 'commands']

/**
 * Law 8, inside the gateway: `stores ← tenants ← administration ← serving ← commands`. Why a file of it may not import another, or null if it may.
 * Paths from `packages/gateway/src/`.
 */
export function gatewayDirection(from: string, to: string): string | null {
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)]
  if (fromRoom === toRoom || fromRoom === '') return null
  const [at, of] = [ROOMS.indexOf(fromRoom), ROOMS.indexOf(toRoom)]
  if (at === -1) return `lies in ${fromRoom}/, which tools/tidy/src/gateway-directions.ts does not know`
  return of !== -1 && of < at
    ? null
    : `imports ${to}: ${fromRoom}/ may import ${ROOMS.slice(0, at).join(', ') || 'nothing else of the gateway'}`
}

function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : ''
}
