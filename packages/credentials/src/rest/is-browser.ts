/** Every browser says so since 1998, and so does nothing that has business with a secret key. */
const BROWSER = /\bMozilla\/5\.0\b/i

/** Whether a request was sent by a browser, by what it says of itself. A safety net for people who paste keys into pages, no security. */
export function isBrowser(userAgent: string | null): boolean {
  return userAgent !== null && BROWSER.test(userAgent)
}
