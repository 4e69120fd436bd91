/** Answers of the object service, from XML. Keys are asked for URL-encoded: XML cannot carry each of them. */

/** What of an element of a document is needed: `Element` of a browser has it. */
export interface XmlElement {
  tagName: string
  textContent: string | null
  children: Iterable<XmlElement>
}

export interface Bucket {
  name: string
  createdMs: number
  storageClass: string
}

export interface BucketPage {
  buckets: Bucket[]
  nextMarker: string | null
}

export interface StoredObject {
  key: string
  sizeBytes: number
  modifiedMs: number
  storageClass: string
}

export interface ObjectPage {
  objects: StoredObject[]
  /** What the keys have in common up to the delimiter, each once. */
  prefixes: string[]
  nextMarker: string | null
}

export interface OssFailure {
  code: string
  message: string
  requestId: string
}

function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element === undefined ? [] : [...element.children].filter(({ tagName }) => tagName === name)
}

const childOf = (element: XmlElement | undefined, name: string) => childrenOf(element, name)[0]
const textOf = (element: XmlElement | undefined, name: string) => childOf(element, name)?.textContent ?? ''
const keyIn = (element: XmlElement, name: string) => decodeURIComponent(textOf(element, name))

export function readBuckets(root: XmlElement): BucketPage {
  const buckets = childrenOf(childOf(root, 'Buckets'), 'Bucket').map((bucket) => ({
    name: textOf(bucket, 'Name'),
    createdMs: Date.parse(textOf(bucket, 'CreationDate')),
    storageClass: textOf(bucket, 'StorageClass'),
  }))
  return { buckets, nextMarker: textOf(root, 'IsTruncated') === 'true' ? textOf(root, 'NextMarker') : null }
}

export function readObjects(root: XmlElement): ObjectPage {
  return {
    objects: childrenOf(root, 'Contents').map((entry) => ({
      key: keyIn(entry, 'Key'),
      sizeBytes: Number(textOf(entry, 'Size')),
      modifiedMs: Date.parse(textOf(entry, 'LastModified')),
      storageClass: textOf(entry, 'StorageClass'),
    })),
    prefixes: childrenOf(root, 'CommonPrefixes').map((entry) => keyIn(entry, 'Prefix')),
    nextMarker: textOf(root, 'IsTruncated') === 'true' ? keyIn(root, 'NextMarker') : null,
  }
}

export function readFailure(root: XmlElement): OssFailure {
  return { code: textOf(root, 'Code'), message: textOf(root, 'Message'), requestId: textOf(root, 'RequestId') }
}
