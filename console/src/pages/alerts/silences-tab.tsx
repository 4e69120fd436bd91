import { useState } from 'react'
import type { Silence } from '../../../../server/src/alerts/port.ts'
import { Status } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toastError } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useRemove, useSilences } from './data.ts'
import { SilenceDialog } from './silence-dialog.tsx'
import { words } from './words.ts'

export function SilencesTab() {
  const t = useWords(words)
  const format = useFormat()
  const [isNew, setNew] = useState(false)
  const [ending, setEnding] = useState<Silence | null>(null)
  const silences = useSilences()
  const remove = useRemove('silences')
  const nowMs = Date.now()
  return (
    <>
      <div className="row">
        <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
          {t.newSilence}
        </Button>
      </div>
      <QueryView query={silences}>
        {({ silences: all }) => (
          <div className="card flush">
            <Table
              caption={t.silences}
              rows={all.toSorted((a, b) => b.toMs - a.toMs)}
              keyOf={({ id }) => id}
              empty={
                <EmptyState icon="clock" title={t.noSilences}>
                  {t.noSilencesHint}
                </EmptyState>
              }
              columns={[
                {
                  key: 'state',
                  header: t.state,
                  render: (silence) => <SilenceState silence={silence} nowMs={nowMs} />,
                },
                { key: 'rule', header: t.silenceRule, render: ({ rule }) => <span className="mono">{rule}</span> },
                { key: 'from', header: t.from, render: ({ fromMs }) => format.dateTime(fromMs) },
                { key: 'until', header: t.until, render: ({ toMs }) => format.dateTime(toMs) },
                { key: 'reason', header: t.reason, render: ({ reason }) => reason || '–' },
                {
                  key: 'actions',
                  header: t.actions,
                  render: (silence) =>
                    silence.toMs > nowMs && (
                      <Button small onClick={() => setEnding(silence)}>
                        {t.end}
                      </Button>
                    ),
                },
              ]}
            />
          </div>
        )}
      </QueryView>
      {isNew && <SilenceDialog rule="" onClose={() => setNew(false)} />}
      {ending && (
        <ConfirmDialog
          title={`${t.end}: ${ending.rule}`}
          confirmLabel={t.end}
          busy={remove.isPending}
          onClose={() => setEnding(null)}
          onConfirm={() => remove.mutate(ending.id, { onError: toastError, onSettled: () => setEnding(null) })}
        >
          <p>{t.endSilenceText}</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function SilenceState({ silence: { fromMs, toMs }, nowMs }: { silence: Silence; nowMs: number }) {
  const t = useWords(words)
  if (toMs <= nowMs) return <Status tone="neutral">{t.isOver}</Status>
  return fromMs > nowMs ? <Status tone="info">{t.isToCome}</Status> : <Status tone="warn">{t.isActive}</Status>
}
