import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { FC2, useFunctions, useServices, type ServiceItem } from '../../api/functions.ts'
import { useChange } from '../../api/use-api.ts'
import { Button, ButtonLink, IconButton } from '../../components/button.tsx'
import { DeleteDialog } from '../../components/delete-dialog.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { EmptyState, ErrorNotice, QueryView } from '../../components/states.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { toast } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { isName } from './names.ts'
import { words } from './words.ts'

const SERVICES = `${FC2}/services`

/** Of API 2.0. */
export function ServiceTable() {
  const t = useWords(words)
  const services = useServices()
  const functions = useFunctions()
  const { dateTime, number } = useFormat()
  const [deleting, setDeleting] = useState<string | null>(null)
  const [isCreating, setCreating] = useState(false)
  const counts = Map.groupBy(functions.data ?? [], ({ serviceName }) => serviceName)
  const countOf = ({ serviceName }: ServiceItem) =>
    functions.data === undefined ? null : (counts.get(serviceName)?.length ?? 0)

  const columns: Column<ServiceItem>[] = [
    {
      key: 'name',
      header: t.name,
      sortBy: ({ serviceName }) => serviceName,
      render: ({ serviceName }) => (
        <Link href={`/functions?service=${encodeURIComponent(`in ${serviceName}`)}`} className="functions-name">
          {serviceName}
        </Link>
      ),
    },
    {
      key: 'description',
      header: t.description,
      render: ({ description }) => <span className="soft">{description || '–'}</span>,
    },
    { key: 'count', header: t.functionCount, numeric: true, sortBy: countOf, render: (row) => number(countOf(row)) },
    {
      key: 'created',
      header: t.created,
      numeric: true,
      sortBy: ({ createdTime }) => Date.parse(createdTime),
      render: ({ createdTime }) => dateTime(Date.parse(createdTime)),
    },
    {
      key: 'actions',
      header: t.actions,
      numeric: true,
      render: (row) => (
        <div className="row functions-actions">
          <ButtonLink small icon="plus" href={`/create-function?service=${encodeURIComponent(row.serviceName)}`}>
            {t.createFunction}
          </ButtonLink>
          <IconButton
            small
            icon="trash"
            label={`${t.deleteService} ${row.serviceName}`}
            disabled={countOf(row) !== 0 || functions.isFetching}
            title={countOf(row) === 0 ? t.deleteService : t.serviceNotEmpty}
            onClick={() => setDeleting(row.serviceName)}
          />
        </div>
      ),
    },
  ]
  const empty = (
    <EmptyState
      icon="folder"
      title={t.noServices}
      action={
        <Button icon="plus" onClick={() => setCreating(true)}>
          {t.createService}
        </Button>
      }
    >
      {t.noServicesText}
    </EmptyState>
  )
  return (
    <div className="card flush">
      <QueryView query={services}>
        {(rows) => (
          <Table
            caption={t.services}
            columns={columns}
            rows={rows}
            keyOf={({ serviceName }) => serviceName}
            empty={empty}
            order={{ key: 'name', descending: false }}
          />
        )}
      </QueryView>
      {deleting !== null && (
        <DeleteDialog title={t.deleteService} path={SERVICES} name={deleting} onClose={() => setDeleting(null)}>
          {t.deleteServiceText(deleting)}
        </DeleteDialog>
      )}
      {isCreating && <CreateServiceDialog onClose={() => setCreating(false)} />}
    </div>
  )
}

export function CreateServiceDialog({ onClose }: { onClose: () => void }) {
  const t = useWords(words)
  const [serviceName, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useChange(() => api(SERVICES, { method: 'POST', json: { serviceName, description } }), [SERVICES])
  const submit = () =>
    isName(serviceName) &&
    create.mutate(undefined, {
      onSuccess: () => {
        toast(t.createdName(serviceName))
        onClose()
      },
    })
  return (
    <Dialog
      title={t.createService}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={create.isPending} disabled={!isName(serviceName)}>
          {t.create}
        </Button>
      }
    >
      <TextField
        label={t.name}
        help={t.nameHelp}
        value={serviceName}
        maxLength={64}
        error={serviceName === '' || isName(serviceName) ? undefined : t.nameProblem}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t.description}
        value={description}
        maxLength={256}
        onChange={(event) => setDescription(event.target.value)}
      />
      {create.error && <ErrorNotice error={create.error} />}
    </Dialog>
  )
}
