/** An element of an XML document: text, or elements in order. Text is raw; whoever writes it escapes. */
export interface XmlElement {
  readonly name: string
  readonly content: string | readonly XmlElement[]
  /** In the order in which they are written. Names and values are our own words, without markup. */
  readonly attributes?: readonly (readonly [name: string, value: string])[]
}

/** Makes an element. Numbers and booleans are written as XML Schema writes them. */
export function element(name: string, content: string | number | boolean | readonly XmlElement[]): XmlElement {
  return { name, content: typeof content === 'object' ? content : String(content) }
}

/** An element where there is something to say, and nothing where there is not: for spreading into a list. */
export function optionalElement(name: string, content: string | number | boolean | null | undefined): readonly XmlElement[] {
  return content === null || content === undefined ? [] : [element(name, content)]
}
