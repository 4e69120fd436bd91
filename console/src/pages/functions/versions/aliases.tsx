import './versions.css'
import { useState } from 'react'
import { scopePath } from '../../../api/functions.ts'
import { Button, IconButton } from '../../../components/button.tsx'
import { DeleteDialog } from '../../../components/delete-dialog.tsx'
import { EmptyState, QueryView } from '../../../components/states.tsx'
import { Table, type Column } from '../../../components/table.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { AliasDialog } from './alias-dialog.tsx'
import { sharesOf, useAliases, useVersions, type Alias } from './versions.ts'
import { words } from './words.ts'

export function Aliases({ functionKey }: { functionKey: string }) {
  const t = useWords(words)
  const { percent } = useFormat()
  const aliases = useAliases(functionKey)
  const versions = useVersions(functionKey)
  const [edited, setEdited] = useState<Alias | 'new' | null>(null)
  const [deleted, setDeleted] = useState<string | null>(null)
  const hasVersions = (versions.data?.length ?? 0) > 0
  const columns: Column<Alias>[] = [
    { key: 'name', header: t.name, sortBy: (row) => row.aliasName, render: (row) => <strong>{row.aliasName}</strong> },
    {
      key: 'traffic',
      header: t.traffic,
      render: (row) => {
        const shares = sharesOf(row).filter(({ share }) => share > 0)
        return (
          <div className="traffic">
            <div className="traffic-bar" aria-hidden="true">
              {shares.map(({ versionId, share }) => (
                <span key={versionId} style={{ width: `${share * 100}%` }} />
              ))}
            </div>
            <span className="number">
              {shares.map(({ versionId, share }) => `${t.version} ${versionId}: ${percent(share, 0)}`).join(' · ')}
            </span>
          </div>
        )
      },
    },
    {
      key: 'description',
      header: t.description,
      render: (row) => <span className="soft">{row.description || '–'}</span>,
    },
    {
      key: 'actions',
      header: t.actions,
      numeric: true,
      render: (row) => (
        <>
          <IconButton small icon="edit" label={`${t.editAlias} ${row.aliasName}`} onClick={() => setEdited(row)} />
          <IconButton
            small
            icon="trash"
            label={`${t.deleteAlias} ${row.aliasName}`}
            onClick={() => setDeleted(row.aliasName)}
          />
        </>
      ),
    },
  ]
  const create = (
    <Button icon="plus" disabled={!hasVersions} onClick={() => setEdited('new')}>
      {t.createAlias}
    </Button>
  )
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.aliases}</h2>
        {create}
      </div>
      <QueryView query={aliases}>
        {(rows) => (
          <Table
            caption={t.aliases}
            columns={columns}
            rows={rows}
            keyOf={(row) => row.aliasName}
            empty={
              <EmptyState icon="link" title={t.noAliases}>
                {hasVersions ? t.noAliasesText : t.needsVersion}
              </EmptyState>
            }
          />
        )}
      </QueryView>
      {edited !== null && versions.data && (
        <AliasDialog
          functionKey={functionKey}
          alias={edited === 'new' ? null : edited}
          versions={versions.data}
          onClose={() => setEdited(null)}
        />
      )}
      {deleted !== null && (
        <DeleteDialog
          title={t.deleteAlias}
          name={deleted}
          path={`${scopePath(functionKey)}/aliases`}
          onClose={() => setDeleted(null)}
        >
          {t.deleteText(deleted)}
        </DeleteDialog>
      )}
    </section>
  )
}
