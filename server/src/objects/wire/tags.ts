/** Tags of objects and buckets: a header, and XML. */
import { OssError } from '../port.ts'
import { childText, childrenOf, parseXml, type XmlElement, type XmlValue } from './xml.ts'

export const OBJECT_TAGS_MAX = 10
const TAG_KEY_MAX = 128
const TAG_VALUE_MAX = 256
export const TAGGING_BYTES_MAX = 64 * 1024

export type Tags = Readonly<Record<string, string>>

/** `k=v&k2=v2`, each percent-encoded; empty: none. Throws InvalidArgument. */
export function readTaggingHeader(text: string): Tags {
  if (text === '') return {}
  return checkTags([...new URLSearchParams(text)], OBJECT_TAGS_MAX)
}

/** Throws MalformedXML, InvalidArgument. */
export function readTagging(xml: string, tagsMax: number): Tags {
  return readTags(parseXml(xml, 'Tagging'), tagsMax)
}

/** `tagging`: the root of the document. */
export function readTags(tagging: XmlElement, tagsMax: number): Tags {
  const [set] = childrenOf(tagging, 'TagSet')
  const pairs = (set?.children ?? []).map((tag): [string, string] => {
    const key = childText(tag, 'Key')
    if (tag.name !== 'Tag' || key === undefined) {
      throw new OssError('MalformedXML', 'Each child of TagSet must be a Tag with a Key and a Value.')
    }
    return [key, childText(tag, 'Value') ?? '']
  })
  return checkTags(pairs, tagsMax)
}

export function taggingOf(tags: Tags): XmlValue {
  return { TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } }
}

function checkTags(pairs: readonly [string, string][], tagsMax: number): Tags {
  const refuse = (problem: string) => new OssError('InvalidArgument', `The tags are not valid: ${problem}.`)
  if (pairs.length > tagsMax) throw refuse(`there may be at most ${tagsMax}`)
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw refuse('each key may be there once')
  for (const [key, value] of pairs) {
    if (key === '' || key.length > TAG_KEY_MAX) throw refuse(`a key has 1 to ${TAG_KEY_MAX} characters`)
    if (value.length > TAG_VALUE_MAX) throw refuse(`a value has at most ${TAG_VALUE_MAX} characters`)
  }
  return Object.fromEntries(pairs)
}
