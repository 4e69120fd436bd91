import './versions.css'
import { useState } from 'react'
import { api } from '../../../api/client.ts'
import { scopePath, type FunctionItem } from '../../../api/functions.ts'
import { useChange } from '../../../api/use-api.ts'
import { Button, IconButton } from '../../../components/button.tsx'
import { ConfirmDialog, Dialog } from '../../../components/dialog.tsx'
import { TextField } from '../../../components/field.tsx'
import { EmptyState, ErrorNotice, QueryView } from '../../../components/states.tsx'
import { Table, type Column } from '../../../components/table.tsx'
import { toast } from '../../../components/toast.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { AliasDialog } from './alias-dialog.tsx'
import { sharesOf, useAliases, useVersions, type Alias, type Version } from './versions.ts'
import { words } from './words.ts'

export default function VersionsTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  return (
    <div className="stack loose">
      {item.serviceName !== null && <p className="soft">{t.ofService(item.serviceName)}</p>}
      <Aliases functionKey={item.key} />
      <Versions functionKey={item.key} />
    </div>
  )
}

function Aliases({ functionKey }: { functionKey: string }) {
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
        />
      )}
    </section>
  )
}

function Versions({ functionKey }: { functionKey: string }) {
  const t = useWords(words)
  const { dateTime } = useFormat()
  const versions = useVersions(functionKey)
  const [isPublishing, setPublishing] = useState(false)
  const [deleted, setDeleted] = useState<string | null>(null)
  const columns: Column<Version>[] = [
    {
      key: 'version',
      header: t.version,
      sortBy: (row) => Number(row.versionId),
      render: (row) => <strong className="number">{row.versionId}</strong>,
    },
    {
      key: 'description',
      header: t.description,
      render: (row) => <span className="soft">{row.description || '–'}</span>,
    },
    {
      key: 'created',
      header: t.created,
      numeric: true,
      sortBy: (row) => Date.parse(row.createdTime),
      render: (row) => dateTime(Date.parse(row.createdTime)),
    },
    {
      key: 'actions',
      header: t.actions,
      numeric: true,
      render: (row) => (
        <IconButton
          small
          icon="trash"
          label={`${t.deleteVersion} ${row.versionId}`}
          onClick={() => setDeleted(row.versionId)}
        />
      ),
    },
  ]
  const publish = (
    <Button icon="plus" onClick={() => setPublishing(true)}>
      {t.publish}
    </Button>
  )
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.versions}</h2>
        {publish}
      </div>
      <QueryView query={versions}>
        {(rows) => (
          <Table
            caption={t.versions}
            columns={columns}
            rows={rows}
            keyOf={(row) => row.versionId}
            order={{ key: 'version', descending: true }}
            empty={
              <EmptyState icon="copy" title={t.noVersions}>
                {t.noVersionsText}
              </EmptyState>
            }
          />
        )}
      </QueryView>
      {isPublishing && <PublishDialog functionKey={functionKey} onClose={() => setPublishing(false)} />}
      {deleted !== null && (
        <DeleteDialog
          title={t.deleteVersion}
          name={deleted}
          path={`${scopePath(functionKey)}/versions`}
          onClose={() => setDeleted(null)}
        />
      )}
    </section>
  )
}

function PublishDialog({ functionKey, onClose }: { functionKey: string; onClose: () => void }) {
  const t = useWords(words)
  const [description, setDescription] = useState('')
  const path = `${scopePath(functionKey)}/versions`
  const publish = useChange(() => api<{ versionId: string }>(path, { method: 'POST', json: { description } }), [path])
  const submit = () =>
    publish.mutate(undefined, {
      onSuccess: ({ versionId }) => {
        toast(t.published(versionId))
        onClose()
      },
    })
  return (
    <Dialog
      title={t.publish}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={publish.isPending}>
          {t.publish}
        </Button>
      }
    >
      <p>{t.publishText}</p>
      <TextField
        label={t.description}
        autoFocus
        maxLength={256}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      {publish.error && <ErrorNotice error={publish.error} />}
    </Dialog>
  )
}

function DeleteDialog({
  title,
  name,
  path,
  onClose,
}: {
  title: string
  name: string
  path: string
  onClose: () => void
}) {
  const t = useWords(words)
  const remove = useChange(() => api(`${path}/${encodeURIComponent(name)}`, { method: 'DELETE' }), [path])
  return (
    <ConfirmDialog
      title={title}
      confirmLabel={t.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            toast(t.deleted(name))
            onClose()
          },
        })
      }
    >
      <p>{t.deleteText(name)}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
