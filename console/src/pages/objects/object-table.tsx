import { Link } from 'wouter'
import { IconButton } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { LineText } from '../../components/line-text.tsx'
import { downloadAddress, fileNameOf, folderHref } from './oss-address.ts'
import type { StoredObject } from './oss-xml.ts'
import { words } from './words.ts'

interface Props {
  bucket: string
  prefix: string
  /** Undefined: on their way. */
  objects: readonly StoredObject[] | undefined
  prefixes: readonly string[]
  chosen: readonly string[]
  onChoose: (keys: readonly string[]) => void
  onShow: (key: string) => void
  onDelete: (key: string) => void
}

/** Pages come from the service; what has come is shown as one list. */
const OBJECTS_SHOWN_MAX = 10_000

type Row = { kind: 'folder'; key: string } | { kind: 'object'; key: string; object: StoredObject }

/** Folders first. Keys are anybody's text, and shown as text. */
export function ObjectTable({ bucket, prefix, objects, prefixes, chosen, onChoose, onShow, onDelete }: Props) {
  const t = useWords(words)
  const format = useFormat()
  const rows: Row[] | undefined = objects && [
    ...prefixes.map((key) => ({ kind: 'folder' as const, key })),
    ...objects.map((object) => ({ kind: 'object' as const, key: object.key, object })),
  ]
  const nameOf = (key: string) => key.slice(prefix.length) || fileNameOf(key)
  return (
    <Table
      caption={bucket}
      rows={rows}
      keyOf={({ kind, key }) => `${kind} ${key}`}
      pageSize={OBJECTS_SHOWN_MAX}
      empty={
        <EmptyState icon="folder" title={t.empty}>
          {t.emptyHint}
        </EmptyState>
      }
      columns={[
        {
          key: 'name',
          header: t.name,
          render: (row) =>
            row.kind === 'folder' ? (
              <Link href={folderHref(bucket, row.key)} className="objects-name">
                <Icon name="folder" /> <LineText text={nameOf(row.key)} />
              </Link>
            ) : (
              <span className="objects-name">
                <input
                  type="checkbox"
                  aria-label={t.select(nameOf(row.key))}
                  checked={chosen.includes(row.key)}
                  onChange={({ target }) =>
                    onChoose(target.checked ? [...chosen, row.key] : chosen.filter((key) => key !== row.key))
                  }
                />
                <button type="button" className="objects-open" onClick={() => onShow(row.key)}>
                  <LineText text={nameOf(row.key)} />
                </button>
              </span>
            ),
          sortBy: ({ kind, key }) => `${kind === 'folder' ? 0 : 1}${key}`,
        },
        {
          key: 'size',
          header: t.size,
          numeric: true,
          render: (row) => (row.kind === 'folder' ? '–' : format.bytes(row.object.sizeBytes)),
          sortBy: (row) => (row.kind === 'folder' ? -1 : row.object.sizeBytes),
        },
        {
          key: 'modified',
          header: t.modified,
          render: (row) => (row.kind === 'folder' ? '–' : format.dateTime(row.object.modifiedMs)),
          sortBy: (row) => (row.kind === 'folder' ? 0 : row.object.modifiedMs),
        },
        {
          key: 'actions',
          header: t.actions,
          render: (row) =>
            row.kind === 'object' && (
              <span className="row objects-actions">
                <a
                  className="button quiet small icon-only"
                  href={downloadAddress(bucket, row.key)}
                  download={fileNameOf(row.key)}
                  aria-label={`${t.download}: ${nameOf(row.key)}`}
                  title={t.download}
                >
                  <Icon name="download" />
                </a>
                <IconButton
                  small
                  icon="trash"
                  label={`${t.delete}: ${nameOf(row.key)}`}
                  onClick={() => onDelete(row.key)}
                />
              </span>
            ),
        },
      ]}
    />
  )
}
