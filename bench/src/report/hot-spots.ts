/** The parts of a .cpuprofile that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds between one sample and the one before. */
  readonly timeDeltas: readonly number[]
}

/** A function, and how much of the busy time it was on top of the stack, and anywhere in it. */
export interface HotSpot {
  readonly name: string
  readonly self: number
  readonly total: number
}

/** What a thread did with its time. */
export interface ThreadProfile {
  readonly busySeconds: number
  readonly idleSeconds: number
  /** The hottest by own time first. Shares are of the busy time. */
  readonly spots: readonly HotSpot[]
}

/** Adds a profile of V8 up by function. Paths are cut down to what lies below the repository. */
export function hotSpots(text: string): ThreadProfile {
  const profile = JSON.parse(text) as CpuProfile
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)))
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node.id, { frames, parents })]))
  const self = new Map<string, number>()
  const total = new Map<string, number>()
  let idle = 0
  let busy = 0
  for (const [index, sample] of profile.samples.entries()) {
    // A sample stands for the time up to the next one.
    const seconds = (profile.timeDeltas[index + 1] ?? 0) / 1e6
    const name = names.get(sample) ?? '?'
    if (name === '(idle)') {
      idle += seconds
      continue
    }
    busy += seconds
    self.set(name, (self.get(name) ?? 0) + seconds)
    const seen = new Set<string>()
    for (let node: number | undefined = sample; node !== undefined; node = parents.get(node)) seen.add(names.get(node) ?? '?')
    for (const each of seen) total.set(each, (total.get(each) ?? 0) + seconds)
  }
  const spots = [...total].map(([name, seconds]) => ({ name, self: (self.get(name) ?? 0) / busy, total: seconds / busy }))
  return { busySeconds: busy, idleSeconds: idle, spots: spots.toSorted((a, b) => b.self - a.self) }
}

type Frame = CpuProfile['nodes'][number]['callFrame']

interface Tree {
  readonly frames: ReadonlyMap<number, Frame>
  readonly parents: ReadonlyMap<number, number>
}

/** How many callers stand behind a native function: add-ons give theirs no names, and what a statement costs depends on which. */
const CALLERS = 2

function nameOf(id: number, { frames, parents }: Tree): string {
  const frame = frames.get(id)
  if (frame === undefined) return '?'
  if (frame.url !== '' || /^\((?!anonymous)/.test(frame.functionName)) return frameName(frame)
  const callers: string[] = []
  for (let at = parents.get(id); at !== undefined && callers.length < CALLERS; at = parents.get(at)) {
    const caller = frames.get(at)
    if (caller !== undefined && caller.url.includes('/packages/')) callers.push(frameName(caller))
  }
  return [frameName(frame), ...callers].join(' ← ')
}

function frameName({ functionName, url, lineNumber }: Frame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const place = url.replace(/^.*\/(?=(?:packages|bench|node_modules)\/)/, '').replace(/^file:\/\/.*\//, '')
  return `${place}:${lineNumber + 1} ${name}`
}
