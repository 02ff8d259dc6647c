/** What a post did, as its redirect tells it. */
export interface PostedObject {
  readonly bucket: string
  readonly key: string
  /** With its quotation marks. */
  readonly etag: string
}

/**
 * Where `success_action_redirect` sends a browser: that address with bucket, key and ETag behind its query. Null for what is no absolute http
 * or https address: AWS acts as if the field had not come (RESTObjectPOST). ASCII, as a header must be. The field has no lone surrogates.
 */
export function successRedirect(field: string, { bucket, key, etag }: PostedObject): string | null {
  // oxlint-disable-next-line no-control-regex -- a control character would end the header, or vanish where a browser reads it
  if (!/^https?:\/\/[^/?#\\]/i.test(field) || /[\0-\x1f\x7f]/.test(field) || !URL.canParse(field)) return null
  const address = field.replaceAll(/[^\x21-\x7e]+/gu, (text) => encodeURIComponent(text))
  const hash = address.indexOf('#')
  const [before, behind] = hash < 0 ? [address, ''] : [address.slice(0, hash), address.slice(hash)]
  const words = [
    ['bucket', bucket],
    ['key', key],
    ['etag', etag],
  ].map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
  return `${before}${before.includes('?') ? '&' : '?'}${words.join('&')}${behind}`
}
