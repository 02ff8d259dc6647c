import { Buffer } from 'node:buffer'
import { S3Error } from '../../s3-error.ts'
import { childText, readXml } from '../../xml/read.ts'

/** Reads a Tagging document, as in the `tagging` field of a form (RESTObjectPOST). How many tags there may be, and how long, the engine knows. */
export function readTagSet(document: string): Readonly<Record<string, string>> {
  const [set, ...others] = readXml(Buffer.from(document), 'Tagging').children
  if (set?.name !== 'TagSet' || others.length > 0) throw malformed()
  const tags: Record<string, string> = Object.create(null) as Record<string, string>
  for (const tag of set.children) {
    const [name, value] = [childText(tag, 'Key'), childText(tag, 'Value')]
    if (tag.name !== 'Tag' || name === undefined || value === undefined) throw malformed()
    if (Object.hasOwn(tags, name)) throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
    tags[name] = value
  }
  return tags
}

function malformed(): S3Error {
  return new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema')
}
