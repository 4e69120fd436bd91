/** What waits, by function, and the tasks of one. */
import { useLocation, useParams } from 'wouter'
import { useApi } from '../../api/use-api.ts'
import { FunctionField } from '../../components/function-field.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { type Backlog, BacklogTable } from './backlog-table.tsx'
import { TaskList } from './task-list.tsx'
import { words } from './words.ts'
import './async.css'

const ASK_AGAIN_MS = 2000

export default function Async() {
  const t = useWords(words)
  const { key: functionKey = '' } = useParams<{ key?: string }>()
  const [, navigate] = useLocation()
  const backlog = useApi<{ functions: Backlog[] }>('/sluice/v1/async/backlog', {}, { refetchInterval: ASK_AGAIN_MS })
  return (
    <div className="stack">
      <PageHead title={t.title} lead={t.lead} />
      <section className="card flush">
        <div className="card-head">
          <h2>{t.backlog}</h2>
        </div>
        <QueryView query={backlog}>{({ functions }) => <BacklogTable functions={functions} />}</QueryView>
      </section>
      <section className="card flush">
        <div className="card-head">
          <h2>{functionKey === '' ? t.tasks : t.tasksOf(functionKey)}</h2>
          <FunctionField
            label={t.chooseFunction}
            value={functionKey}
            onChange={(key) => navigate(key === '' ? '/async' : `/async/${encodeURIComponent(key)}`)}
          />
        </div>
        {functionKey === '' ? (
          <EmptyState icon="async" title={t.chooseFunction}>
            {t.chooseHint}
          </EmptyState>
        ) : (
          <TaskList key={functionKey} functionKey={functionKey} />
        )}
      </section>
    </div>
  )
}
