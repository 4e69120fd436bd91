import './triggers.css'
import { useState } from 'react'
import type { FunctionItem } from '../../../api/functions.ts'
import { useApi } from '../../../api/use-api.ts'
import { Badge, Status } from '../../../components/badge.tsx'
import { Button, IconButton } from '../../../components/button.tsx'
import { DeleteDialog } from '../../../components/delete-dialog.tsx'
import { EmptyState, QueryView } from '../../../components/states.tsx'
import { Table, type Column } from '../../../components/table.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { AddressLine } from './address-line.tsx'
import { TriggerDialog } from './trigger-dialog.tsx'
import { configOf, formOf, TRIGGER_TYPES, type Trigger } from './trigger-form.ts'
import { triggersPath, useTriggers } from './use-triggers.ts'
import { words } from './words.ts'

/** When a timer ran and will run. */
interface Runs {
  triggerName: string
  lastRunTime: string | null
  nextRunTime: string | null
}

export default function TriggersTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const triggers = useTriggers(item.key)
  const runs = useApi<{ triggers: Runs[] }>('/sluice/v1/triggers', { function: item.key }, { refetchInterval: 10_000 })
  const [edited, setEdited] = useState<Trigger | 'new' | null>(null)
  const [deleted, setDeleted] = useState<string | null>(null)
  const isOffered = (type: string) => TRIGGER_TYPES.some((offered) => offered === type)

  const columns: Column<Trigger>[] = [
    {
      key: 'name',
      header: t.name,
      sortBy: (row) => row.triggerName,
      render: (row) => <strong>{row.triggerName}</strong>,
    },
    {
      key: 'type',
      header: t.type,
      sortBy: (row) => row.triggerType,
      render: (row) => <Badge>{row.triggerType}</Badge>,
    },
    {
      key: 'source',
      header: t.source,
      render: (row) => (
        <Source trigger={row} runs={runs.data?.triggers.find(({ triggerName }) => triggerName === row.triggerName)} />
      ),
    },
    { key: 'qualifier', header: t.qualifier, render: (row) => row.qualifier },
    {
      key: 'actions',
      header: t.actions,
      numeric: true,
      render: (row) => (
        <>
          {isOffered(row.triggerType) && (
            <IconButton small icon="edit" label={`${t.edit} ${row.triggerName}`} onClick={() => setEdited(row)} />
          )}
          <IconButton
            small
            icon="trash"
            label={`${t.remove} ${row.triggerName}`}
            onClick={() => setDeleted(row.triggerName)}
          />
        </>
      ),
    },
  ]
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.triggers}</h2>
        <Button icon="plus" onClick={() => setEdited('new')}>
          {t.create}
        </Button>
      </div>
      <QueryView query={triggers}>
        {(rows) => (
          <Table
            caption={t.triggers}
            columns={columns}
            rows={rows}
            keyOf={(row) => row.triggerName}
            empty={
              <EmptyState icon="bolt" title={t.none}>
                {t.noneText}
              </EmptyState>
            }
          />
        )}
      </QueryView>
      {edited !== null && (
        <TriggerDialog item={item} trigger={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />
      )}
      {deleted !== null && (
        <DeleteDialog title={t.remove} path={triggersPath(item.key)} name={deleted} onClose={() => setDeleted(null)}>
          {t.removeText(deleted)}
        </DeleteDialog>
      )}
    </section>
  )
}

function Source({ trigger, runs }: { trigger: Trigger; runs: Runs | undefined }) {
  const t = useWords(words)
  const { dateTime } = useFormat()
  const form = formOf(trigger)
  const config = configOf(trigger)
  switch (trigger.triggerType) {
    case 'http': {
      const url = trigger.httpTrigger?.urlInternet
      return (
        <div className="trigger-source">
          {url && <AddressLine url={url} />}
          <span className="soft small">
            {form.methods.join(' ')} · {t[form.authType as 'anonymous' | 'function' | 'jwt']}
          </span>
        </div>
      )
    }
    case 'timer':
      return (
        <div className="trigger-source">
          <span className="row">
            <code>{form.cron}</code>
            <Status tone={form.isEnabled ? 'good' : 'neutral'}>{form.isEnabled ? t.enabled : t.off}</Status>
          </span>
          <span className="soft small number">
            {t.last} {runs?.lastRunTime ? dateTime(Date.parse(runs.lastRunTime)) : '–'} · {t.next}{' '}
            {runs?.nextRunTime ? dateTime(Date.parse(runs.nextRunTime)) : '–'}
          </span>
        </div>
      )
    case 'oss':
      return (
        <div className="trigger-source">
          {t.onEvents(form.events.join(', '), form.bucket)}
          <span className="soft small mono">
            {form.prefix}*{form.suffix}
          </span>
        </div>
      )
    case 'eventbridge':
      return (
        <div className="trigger-source">
          <span className="row">
            {t.onBus(form.bus)}
            <Status tone={form.isEnabled ? 'good' : 'neutral'}>{form.isEnabled ? t.enabled : t.off}</Status>
          </span>
          <code className="soft small">{config.eventRuleFilterPattern}</code>
        </div>
      )
    default:
      return <span className="soft">{trigger.sourceArn}</span>
  }
}
