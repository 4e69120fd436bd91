import { useState } from 'react'
import { Icon } from '../../../components/icon.tsx'
import { treeOf, type TreeFolder } from '../../../package/paths.ts'

interface FileTreeProps {
  label: string
  paths: readonly string[]
  selected: string | null
  onSelect: (path: string) => void
}

export function FileTree({ label, paths, selected, onSelect }: FileTreeProps) {
  return (
    <nav aria-label={label} className="file-tree">
      <Folder folder={treeOf(paths)} {...{ selected, onSelect }} />
    </nav>
  )
}

function Folder({ folder, selected, onSelect }: { folder: TreeFolder } & Pick<FileTreeProps, 'selected' | 'onSelect'>) {
  return (
    <ul>
      {folder.folders.map((child) => (
        <li key={child.path}>
          <ClosedFolder folder={child} {...{ selected, onSelect }} />
        </li>
      ))}
      {folder.files.map(({ name, path }) => (
        <li key={path}>
          <button
            type="button"
            className="file"
            aria-current={path === selected ? 'true' : undefined}
            onClick={() => onSelect(path)}
          >
            <Icon name="file" size={14} />
            {name}
          </button>
        </li>
      ))}
    </ul>
  )
}

/** What is within is rendered when it is opened: packages can hold thousands of files. */
function ClosedFolder({ folder, ...rest }: { folder: TreeFolder } & Pick<FileTreeProps, 'selected' | 'onSelect'>) {
  const [isOpen, setOpen] = useState(rest.selected?.startsWith(folder.path) ?? false)
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="folder" size={14} />
        {folder.name}
      </summary>
      {isOpen && <Folder folder={folder} {...rest} />}
    </details>
  )
}
