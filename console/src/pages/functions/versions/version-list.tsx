import { useState } from 'react'
import { api } from '../../../api/client.ts'
import { scopePath } from '../../../api/functions.ts'
import { useChange } from '../../../api/use-api.ts'
import { Button, IconButton } from '../../../components/button.tsx'
import { DeleteDialog } from '../../../components/delete-dialog.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { TextField } from '../../../components/field.tsx'
import { EmptyState, ErrorNotice, QueryView } from '../../../components/states.tsx'
import { Table, type Column } from '../../../components/table.tsx'
import { toast } from '../../../components/toast.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { useVersions, type Version } from './versions.ts'
import { words } from './words.ts'

export function VersionList({ functionKey }: { functionKey: string }) {
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
        >
          {t.deleteText(deleted)}
        </DeleteDialog>
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
