/** What `customContainerConfig.image` names. Pure but for looking at where paths lead. */
import { realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { ImageError } from './limits.ts'

export type ImageSource =
  /** `path`: real, inside the folder of images. `name`: which image in there, empty when it is the only one. */
  | { kind: 'oci' | 'docker-archive'; path: string; name: string }
  /** `digest`: given, the very image that is meant. */
  | { kind: 'registry'; repository: string; tag: string; digest: string | null }

const REFERENCE_CHARACTERS_MAX = 1024
const LOCAL = /^(oci|docker-archive):([^:]+)(?::(.+))?$/
/** A name inside a layout or an archive. */
const NAME = /^[\w./:@-]+$/
const REPOSITORY = /^(?:[a-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/i
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const ACCEPTED =
  'host/name:tag of a registry, oci:folder:tag or docker-archive:file.tar, where folder and file lie in the folder of images'

/** `imagesFolder`: host folder in which local images lie. Throws ImageError. */
export function parseReference(text: string, imagesFolder: string): ImageSource {
  if (text === '') throw new ImageError(`it is empty; accepted is ${ACCEPTED}`)
  if (text.length > REFERENCE_CHARACTERS_MAX) {
    throw new ImageError(`it has more than ${REFERENCE_CHARACTERS_MAX} characters`)
  }
  const local = LOCAL.exec(text)
  if (local !== null && !local[2]!.startsWith('//')) {
    const [, kind, path, name = ''] = local as unknown as [string, 'oci' | 'docker-archive', string, string?]
    if (name !== '' && !NAME.test(name)) throw unreadable(text)
    return { kind, path: insideFolder(path, imagesFolder), name }
  }
  return parseRegistry(text)
}

function parseRegistry(text: string): ImageSource {
  const [beforeDigest, digest = null] = text.replace(/^docker:\/\//, '').split(/@(.*)/s) as [string, string?]
  // A port comes before the last slash, a tag after it.
  const [repository, tag = digest === null ? 'latest' : ''] = beforeDigest.split(/:(?=[^/]*$)/) as [string, string?]
  const isTag = tag === '' ? digest !== null : TAG.test(tag)
  if (!REPOSITORY.test(repository) || !isTag || (digest !== null && !DIGEST.test(digest))) throw unreadable(text)
  return { kind: 'registry', repository, tag, digest }
}

function unreadable(text: string): ImageError {
  return new ImageError(`${JSON.stringify(text)} cannot be read; accepted is ${ACCEPTED}`)
}

/** Whoever may name a path reads what is there: only what lies in the folder is theirs to read, wherever links lead. */
function insideFolder(path: string, imagesFolder: string): string {
  const wanted = resolve(imagesFolder, path)
  const folder = realPath(imagesFolder)
  const found = realPath(wanted)
  // What lies elsewhere is refused in the same words whether it exists or not.
  const lexical = relative(resolve(imagesFolder), wanted)
  const isInside = !lexical.startsWith('..') && !isAbsolute(lexical)
  if (!isInside && (found === null || folder === null || !isBelow(found, folder))) throw outside()
  if (found === null || folder === null)
    throw new ImageError(`there is no ${JSON.stringify(path)} in the folder of images`)
  if (!isBelow(found, folder)) throw outside()
  return found
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

function outside(): ImageError {
  return new ImageError(
    'local images are taken from the folder of images alone (setting imagesDir); this lies elsewhere',
  )
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}
