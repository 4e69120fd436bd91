import './test.css'
import { useState } from 'react'
import type { FunctionItem } from '../../../api/functions.ts'
import { Button } from '../../../components/button.tsx'
import { TextArea } from '../../../components/field.tsx'
import { EmptyState, ErrorNotice } from '../../../components/states.tsx'
import { useWords } from '../../../i18n/language.ts'
import { useStore } from '../../../store.ts'
import { drafts } from '../code/draft.ts'
import { AddressList } from '../triggers/address-list.tsx'
import { QualifierField } from '../versions/qualifier-field.tsx'
import { EventPicker } from './event-picker.tsx'
import { RunResult } from './run-result.tsx'
import { useRun } from './run.ts'
import { templates } from './templates.ts'
import { words } from './words.ts'

export default function TestTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const [body, setBody] = useState(templates[0]!.body)
  const [qualifier, setQualifier] = useState('')
  const run = useRun(item.key)
  const isDraftChanged = useStore(drafts).get(item.key)?.isChanged ?? false
  const start = () => !run.isPending && run.mutate({ body, qualifier })
  return (
    <div className="test-panes">
      <section className="card stack">
        <EventPicker functionKey={item.key} body={body} onBody={setBody} />
        <TextArea
          className="code"
          label={t.event}
          help={t.eventHelp}
          rows={12}
          value={body}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            start()
          }}
        />
        <QualifierField functionKey={item.key} label={t.qualifier} value={qualifier} onChange={setQualifier} />
        {isDraftChanged && <p className="help">{t.notDeployed}</p>}
        <div className="row">
          <Button kind="primary" icon="play" busy={run.isPending} onClick={start}>
            {t.run}
          </Button>
          <span className="help">{t.runHint}</span>
        </div>
        <AddressList functionKey={item.key} />
      </section>
      <div className="stack" aria-live="polite">
        {run.error && <ErrorNotice error={run.error} />}
        {run.data ? (
          <RunResult functionKey={item.key} run={run.data} />
        ) : (
          !run.error && (
            <div className="card">
              <EmptyState icon="play" title={t.nothingYet}>
                {t.nothingYetText}
              </EmptyState>
            </div>
          )
        )}
      </div>
    </div>
  )
}
