/** The same object, but for one member: what it stands on, and every other call, is real. */
export function withMember<T extends object, K extends keyof T>(target: T, replaced: K, member: T[K]): T {
  return new Proxy(target, {
    get(_, name) {
      if (name === replaced) return member
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
