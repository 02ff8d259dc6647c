/** Says what time it is. Libraries take one; only tests and the default below make one. */
export type Clock = () => Date

/** The system's clock: what every `clock` option falls back to. */
export const systemClock: Clock = () => new Date()
