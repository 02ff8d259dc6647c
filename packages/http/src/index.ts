export { behindProxies } from './behind-proxies.ts'
export { readBody, type ReadBodyOptions } from './body.ts'
export { type ReleasableReadable } from './body-pump.ts'
export { type FetchAdapterOptions, type FetchHandler, type FetchRequestInfo, toFetchHandler } from './fetch-adapter.ts'
export { headerValues, integerHeader, listHeader, optionalHeader, requiredHeader, requiredInteger, requiredText } from './headers.ts'
export { formatHttpDate, parseHttpDate } from './http-date.ts'
export { HttpInputError, type HttpInputErrorCode } from './http-input-error.ts'
export type { HttpHandler, HttpHeader, HttpPeer, HttpRequest, HttpResponse } from './message.ts'
export { attach, type NodeAdapterOptions, toNodeHandler } from './node-adapter.ts'
export {
  formatContentRange,
  formatUnsatisfiedRange,
  type FromRange,
  type HttpRange,
  parseRange,
  type ResolvedRange,
  resolveRange,
  type SuffixRange,
} from './range.ts'
export { type HttpTarget, parseQuery, parseTarget, pathSegments, percentDecode, type QueryPair } from './target.ts'
