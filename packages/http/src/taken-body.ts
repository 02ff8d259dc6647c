import { Readable } from 'node:stream'
import { HttpInputError } from './http-input-error.ts'

/** A body that somebody around the handler has read already. It fails when it is read: half of it, or nothing, must not be taken for the whole. */
export function takenBody(): Readable {
  return new Readable({
    read() {
      this.destroy(
        new HttpInputError(
          'BodyTaken',
          'body',
          'The body of this request was read by the server around this handler, before the handler could: mount it ahead of body parsers such as express.json().',
        ),
      )
    },
  })
}
