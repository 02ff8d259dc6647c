/** A step of a request: what has been made of it so far, and how it goes on. */
type Handler<Step, Output> = (step: Step) => Promise<Output>

/** What a request of the vendor's client is, before it is signed, as far as it matters here. */
export interface BuiltRequest {
  /** `https:` or `http:`. */
  readonly protocol?: string
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** Where the middleware of `addingHeaders` belongs: after the body was made, before everything is signed. */
export const ADDING_HEADERS = { step: 'build', name: 'stowageHeaders' } as const

/** Middleware of the vendor's client that adds headers for which the client has no name, or another meaning. */
export function addingHeaders(
  headersOf: (request: BuiltRequest) => Readonly<Record<string, string>>,
): <Step extends { readonly request: unknown }, Output>(next: Handler<Step, Output>) => Handler<Step, Output> {
  return (next) => (step) => {
    const { request } = step
    if (isRequest(request)) Object.assign(request.headers, headersOf(request))
    return next(step)
  }
}

function isRequest(value: unknown): value is BuiltRequest {
  return typeof value === 'object' && value !== null && 'headers' in value && typeof value.headers === 'object' && value.headers !== null
}
