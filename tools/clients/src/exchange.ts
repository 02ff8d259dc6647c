import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** A request without any S3 client, as somebody makes it who was given a URL. */
export interface PlainRequest {
  readonly method: 'GET' | 'PUT'
  /** Sent as it is: a WHATWG URL would rewrite what was signed. */
  readonly url: string
  readonly caFile: string | null
  readonly body?: Buffer
}

/** Sends it, and gives back the answer with its whole body. */
export async function exchange({ method, url, caFile, body }: PlainRequest): Promise<{ readonly status: number; readonly body: Buffer }> {
  const [, scheme, hostname, port, path] = /^(https?):\/\/([^/:]+):(\d+)(\/.*)$/.exec(url) ?? []
  if (hostname === undefined || port === undefined || path === undefined) throw new Error(`no URL of the server: ${url}`)
  const headers = body === undefined ? {} : { 'content-length': body.length }
  const ca = caFile === null ? undefined : await readFile(caFile)
  return new Promise((resolve, reject) => {
    const request =
      scheme === 'https'
        ? httpsRequest({ method, hostname, port, path, headers, ca })
        : httpRequest({ method, hostname, port, path, headers })
    request.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = []
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('error', reject)
        .once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
    request.end(body)
  })
}
