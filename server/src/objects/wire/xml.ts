/** XML in and out: no entities but the five of the language and character references, no document types. */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { OssError } from '../port.ts'

export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [name: string]: XmlValue }

/** What cannot stand in XML as it is; a carriage return would be read as a line break. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPED = /[&<>"'\u0000-\u0008\u000b-\u001f\u007f]/g
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

function escapeXml(text: string): string {
  return text.replaceAll(ESCAPED, (mark) => ENTITIES[mark] ?? `&#${mark.charCodeAt(0)};`)
}

/**
 * A document of one element. Undefined members are left out, lists become repeated elements. By hand, as a list of a
 * thousand objects would keep a library busy, and everybody else waiting, for tens of milliseconds.
 */
export function xmlDocument(root: string, content: XmlValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root, content)}`
}

function elementText(name: string, content: XmlValue): string {
  if (content === undefined) return ''
  if (Array.isArray(content)) return content.map((item) => elementText(name, item)).join('')
  return `<${name}>${contentText(content)}</${name}>`
}

function contentText(content: Exclude<XmlValue, undefined | XmlValue[]>): string {
  if (typeof content !== 'object') return typeof content === 'string' ? escapeXml(content) : String(content)
  let text = ''
  for (const name in content) text += elementText(name, content[name])
  return text
}

export interface XmlElement {
  name: string
  /** Of the element itself, without that of its children. */
  text: string
  children: XmlElement[]
}

const parser = new XMLParser({
  preserveOrder: true,
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
})

/** The root, whose name must be `root`. Throws OssError MalformedXML. */
export function parseXml(text: string, root: string): XmlElement {
  const malformed = (why: string) => new OssError('MalformedXML', `The XML you provided was not well-formed: ${why}.`)
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw malformed('document types are not accepted')
  let nodes: OrderedNode[]
  try {
    const validity = XMLValidator.validate(text)
    if (validity !== true) throw malformed(validity.err.msg.replace(/\.$/, ''))
    nodes = parser.parse(text) as OrderedNode[]
  } catch (error) {
    // The parser recurses: what is nested too deeply overflows its stack.
    throw error instanceof OssError ? error : malformed('it is nested too deeply or not XML')
  }
  const found = elementsOf(nodes).find(({ name }) => name === root)
  if (found === undefined) throw malformed(`the root element must be ${root}`)
  return found
}

type OrderedNode = Record<string, OrderedNode[] | string>

function elementsOf(nodes: readonly OrderedNode[]): XmlElement[] {
  const elements: XmlElement[] = []
  for (const node of nodes) {
    const [name] = Object.keys(node)
    const content = name === undefined ? undefined : node[name]
    if (name === undefined || !Array.isArray(content)) continue
    const own = content.map((child) => child['#text']).filter((part) => typeof part === 'string')
    elements.push({ name, text: decodeEntities(own.join('')), children: elementsOf(content) })
  }
  return elements
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[String(name)] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)
    return point > 0x10_ffff ? whole : String.fromCodePoint(point)
  })
}

/** The text of a child; undefined when there is none of this name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name)
}
