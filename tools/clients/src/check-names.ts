/** What every client does over every transport, in this order, as the table shows it. */
export const CHECK_NAMES = [
  'make bucket',
  'put',
  'get',
  'list',
  'copy',
  'multipart',
  'ranged get',
  'presigned get',
  'presigned put',
  'sync of a tree',
  'key with `..`',
  'key with `//`',
  'key ending in `/`',
  'key of 1,024 bytes',
  'delete',
] as const

export type CheckName = (typeof CHECK_NAMES)[number]

/** How a client reaches the server. */
export const TRANSPORTS = ['http', 'https'] as const

export type Transport = (typeof TRANSPORTS)[number]
