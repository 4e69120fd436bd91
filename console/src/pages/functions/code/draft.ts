/** Code as it is being edited: kept until it is deployed or discarded, whichever page is shown meanwhile. Pure but for `drafts`. */
import { bytesOf } from '../../../package/text.ts'
import { FILE_MODE, isFolder, isLink, type PackageFile } from '../../../package/zip.ts'
import { createStore } from '../../../store.ts'

export interface Draft {
  files: readonly PackageFile[]
  /** Of the package that the edits began with. */
  checksum: string
  /** Of the package that it was deployed over, which is told as the function's for a moment more. */
  replaced?: string
  /** The file in the editor; null when there is none. */
  open: string | null
  isChanged: boolean
}

export const drafts = createStore<ReadonlyMap<string, Draft>>(new Map())

export function keepDraft(key: string, draft: Draft | null): void {
  const next = new Map(drafts.get())
  if (draft === null) next.delete(key)
  else next.set(key, draft)
  drafts.set(next)
}

export const fileOf = ({ files }: Draft, path: string | null): PackageFile | undefined =>
  files.find((file) => file.path === path)

/** Opens what a handler names, else a file that looks like the first one to read. */
export function draftOf(files: readonly PackageFile[], checksum: string, handler: string): Draft {
  const names = files.filter((file) => !isFolder(file) && !isLink(file)).map(({ path }) => path)
  const module = handler.split('.').slice(0, -1).join('.')
  const open =
    names.find((path) => path.replace(/\.\w+$/, '') === module) ??
    names.find((path) => path === 'bootstrap') ??
    names.find((path) => !path.includes('/')) ??
    names[0] ??
    null
  return { files, checksum, open, isChanged: false }
}

export function withText(draft: Draft, path: string, text: string): Draft {
  const files = draft.files.map((file) => (file.path === path ? { ...file, bytes: bytesOf(text) } : file))
  return { ...draft, files, isChanged: true }
}

export function withNewFile(draft: Draft, path: string): Draft {
  const file = { path, bytes: bytesOf(''), mode: FILE_MODE }
  return { ...draft, files: [...draft.files, file], open: path, isChanged: true }
}

export function withRenamed(draft: Draft, from: string, to: string): Draft {
  const files = draft.files.map((file) => (file.path === from ? { ...file, path: to } : file))
  return { ...draft, files, open: to, isChanged: true }
}

export function withoutFile(draft: Draft, path: string): Draft {
  return { ...draft, files: draft.files.filter((file) => file.path !== path), open: null, isChanged: true }
}
