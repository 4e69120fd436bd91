/** Names of files in a package. */

/** Null when it can be the path of a new file; else which rule it breaks. */
export function pathProblem(path: string, taken: ReadonlySet<string>): 'empty' | 'form' | 'taken' | null {
  if (path === '') return 'empty'
  const parts = path.split('/')
  // oxlint-disable-next-line no-control-regex -- names with control characters cannot be seen
  if (path.length > 255 || /[\\\u0000-\u001f]/.test(path)) return 'form'
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'form'
  return taken.has(path) ? 'taken' : null
}

export interface TreeFolder {
  name: string
  /** With the slash at its end; empty for the root. */
  path: string
  folders: TreeFolder[]
  files: { name: string; path: string }[]
}

/** Folders first, each by name. */
export function treeOf(paths: readonly string[]): TreeFolder {
  const root: TreeFolder = { name: '', path: '', folders: [], files: [] }
  const folders = new Map<string, TreeFolder>([['', root]])
  const folderOf = (path: string): TreeFolder => {
    const known = folders.get(path)
    if (known) return known
    const parts = path.slice(0, -1).split('/')
    const name = parts.pop()!
    const folder: TreeFolder = { name, path, folders: [], files: [] }
    folderOf(parts.length === 0 ? '' : `${parts.join('/')}/`).folders.push(folder)
    folders.set(path, folder)
    return folder
  }
  for (const path of paths.toSorted()) {
    const at = path.lastIndexOf('/') + 1
    const folder = folderOf(path.slice(0, at))
    if (at < path.length) folder.files.push({ name: path.slice(at), path })
  }
  return root
}
