/** Every rule with what it is at; `?rule=` in the address opens one, `?new=budget` a new budget. */
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import type { AlertRule, AlertStatus } from '../../../../server/src/alerts/port.ts'
import { Badge, Status } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toastError } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useConditionText, useMetricFormat } from './condition-text.ts'
import { useRemove, useRules, useStatuses, useTest } from './data.ts'
import { Deliveries } from './deliveries.tsx'
import { RuleDialog } from './rule-dialog.tsx'
import { formOf, NEW_BUDGET, NEW_RULE, type RuleForm } from './rule-form.ts'
import { SilenceDialog } from './silence-dialog.tsx'
import { words } from './words.ts'

type Open = { kind: 'delete' | 'silence'; name: string }

const STATE_TONES = { ok: 'good', pending: 'warn', firing: 'bad', noData: 'neutral' } as const
const SEVERITY_TONES = { critical: 'bad', warning: 'warn', info: 'info' } as const

export function RulesTab() {
  const t = useWords(words)
  const [search, setSearch] = useSearchParams()
  const [open, setOpen] = useState<Open | null>(null)
  const rules = useRules()
  const test = useTest('rules')
  const remove = useRemove('rules')
  const opened = search.get('rule')
  const isNew = search.get('new')
  const address = (changed: Record<string, string>) => setSearch(changed, { replace: true })
  const close = () => address({})
  return (
    <QueryView query={rules}>
      {({ rules: all }) => {
        const shown = all.find(({ name }) => name === opened)
        const form: RuleForm | undefined =
          shown !== undefined ? formOf(shown) : isNew === null ? undefined : isNew === 'budget' ? NEW_BUDGET : NEW_RULE
        return (
          <>
            <div className="row">
              <Button kind="primary" icon="plus" onClick={() => address({ new: 'rule' })}>
                {t.newRule}
              </Button>
              <Button icon="bill" onClick={() => address({ new: 'budget' })}>
                {t.newBudget}
              </Button>
            </div>
            <div className="card flush">
              <RuleTable
                rules={all}
                onOpen={(name) => address({ rule: name })}
                onTest={(name) => test.mutate(name, { onError: toastError })}
                testing={test.isPending ? test.variables : undefined}
                onAct={setOpen}
              />
            </div>
            {form && <RuleDialog key={shown?.name} initial={form} before={shown?.name} onClose={close} />}
            {test.data && <Deliveries deliveries={test.data.deliveries} onClose={() => test.reset()} />}
            {open?.kind === 'silence' && <SilenceDialog rule={open.name} onClose={() => setOpen(null)} />}
            {open?.kind === 'delete' && (
              <ConfirmDialog
                title={`${t.delete}: ${open.name}`}
                confirmLabel={t.delete}
                busy={remove.isPending}
                onClose={() => setOpen(null)}
                onConfirm={() => remove.mutate(open.name, { onError: toastError, onSettled: () => setOpen(null) })}
              >
                <p>{t.deleteRuleText}</p>
              </ConfirmDialog>
            )}
          </>
        )
      }}
    </QueryView>
  )
}

interface RuleTableProps {
  rules: readonly AlertRule[]
  onOpen: (name: string) => void
  onTest: (name: string) => void
  testing: string | undefined
  onAct: (open: Open) => void
}

function RuleTable({ rules, onOpen, onTest, testing, onAct }: RuleTableProps) {
  const t = useWords(words)
  const format = useFormat()
  const conditionText = useConditionText()
  const metricFormat = useMetricFormat()
  const statuses = useStatuses().data?.statuses ?? []
  const statusOf = (name: string): AlertStatus | undefined => statuses.find(({ rule }) => rule === name)
  return (
    <Table
      caption={t.rules}
      rows={rules}
      keyOf={({ name }) => name}
      empty={
        <EmptyState icon="alerts" title={t.noRules}>
          {t.noRulesHint}
        </EmptyState>
      }
      columns={[
        {
          key: 'state',
          header: t.state,
          render: ({ name, enabled }) => <RuleState status={statusOf(name)} enabled={enabled} />,
          sortBy: ({ name }) => statusOf(name)?.state ?? '',
        },
        {
          key: 'name',
          header: t.name,
          render: ({ name, description, severity }) => (
            <div>
              <span className="row">
                <button type="button" className="alerts-name" onClick={() => onOpen(name)}>
                  {name}
                </button>
                <Badge tone={SEVERITY_TONES[severity]}>{t[severity]}</Badge>
              </span>
              {description !== '' && <span className="small soft">{description}</span>}
            </div>
          ),
          sortBy: ({ name }) => name,
        },
        { key: 'condition', header: t.condition, render: (rule) => conditionText(rule) },
        {
          key: 'value',
          header: t.value,
          numeric: true,
          render: ({ name, metric }) => metricFormat(metric)(statusOf(name)?.value ?? null),
        },
        {
          key: 'since',
          header: t.since,
          render: ({ name }) => <span className="alerts-time">{format.dateTime(statusOf(name)?.sinceMs || null)}</span>,
          sortBy: ({ name }) => statusOf(name)?.sinceMs ?? 0,
        },
        {
          key: 'actions',
          header: t.actions,
          render: ({ name }) => (
            <span className="row alerts-actions">
              <Button small icon="play" busy={testing === name} onClick={() => onTest(name)}>
                {t.test}
              </Button>
              <IconButton
                small
                icon="clock"
                label={`${t.silence}: ${name}`}
                onClick={() => onAct({ kind: 'silence', name })}
              />
              <IconButton
                small
                icon="trash"
                label={`${t.delete}: ${name}`}
                onClick={() => onAct({ kind: 'delete', name })}
              />
            </span>
          ),
        },
      ]}
    />
  )
}

function RuleState({ status, enabled }: { status: AlertStatus | undefined; enabled: boolean }) {
  const t = useWords(words)
  if (!enabled) return <Status tone="neutral">{t.disabled}</Status>
  if (status === undefined || status.evaluatedMs === 0) return <Status tone="neutral">{t.notEvaluated}</Status>
  return (
    <>
      <Status tone={STATE_TONES[status.state]}>{t[status.state]}</Status>
      {status.silencedBy !== null && <div className="small soft">{t.silenced}</div>}
      {status.problem !== null && <div className="small alerts-problem">{status.problem}</div>}
    </>
  )
}
