/** What a month cost: in all, day by day, by whom, and by what was counted. */
import { useSearchParams } from 'wouter'
import type { Bill as BillAnswer, BillGrouping } from '../../../../server/src/meter/port.ts'
import { useApi } from '../../api/use-api.ts'
import { ButtonLink } from '../../components/button.tsx'
import { CodeBlock } from '../../components/code-block.tsx'
import { QueryView } from '../../components/states.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { monthOf } from './bill-view.ts'
import { Comparison } from './comparison.tsx'
import { DaysChart } from './days-chart.tsx'
import { ExportButtons } from './export-buttons.tsx'
import { Groups } from './groups.tsx'
import { Lines } from './lines.tsx'
import { MonthPicker } from './month-picker.tsx'
import { Totals } from './totals.tsx'
import { words } from './words.ts'
import './bill.css'

const BY: readonly BillGrouping[] = ['service', 'function', 'tag']
const MINUTE_MS = 60_000

export default function BillPage() {
  const t = useWords(words)
  const [search, setSearch] = useSearchParams()
  const nowMs = Date.now()
  const month = /^\d{4}-\d{2}$/.test(search.get('month') ?? '') ? search.get('month')! : monthOf(nowMs)
  const by = BY.find((name) => name === search.get('by')) ?? 'function'
  const tag = search.get('tag') ?? ''
  const isAsked = by !== 'tag' || tag !== ''
  const asked = { month, by: isAsked ? by : 'function', tag: isAsked && by === 'tag' ? tag : '' }
  const bill = useApi<BillAnswer>('/sluice/v1/bill', asked, {
    refetchInterval: MINUTE_MS,
    placeholderData: (before) => before,
  })
  const set = (changed: Record<string, string>) =>
    setSearch(
      (before) => {
        for (const [name, value] of Object.entries(changed)) before.set(name, value)
        return before
      },
      { replace: true },
    )
  return (
    <div className="stack">
      <PageHead
        title={t.title}
        lead={t.lead}
        actions={
          <ButtonLink href="/alerts?new=budget" icon="alerts">
            {t.budget}
          </ButtonLink>
        }
      />
      <div className="row spread">
        <MonthPicker month={month} nowMs={nowMs} onChange={(next) => set({ month: next })} />
        <ExportButtons asked={asked} bill={bill.data} />
      </div>
      <QueryView query={bill}>
        {(data) => (
          <>
            <Totals bill={data} isCurrent={month === monthOf(nowMs)} />
            <div className="bill-columns">
              <DaysChart bill={data} todayUtc={new Date(nowMs).toISOString().slice(0, 10)} />
              <Comparison bill={data} />
            </div>
            <Groups
              bill={data}
              by={by}
              tag={tag}
              onBy={(next) => set({ by: next })}
              onTag={(key) => set({ tag: key })}
            />
            <Lines bill={data} />
          </>
        )}
      </QueryView>
      <PriceBook />
    </div>
  )
}

function PriceBook() {
  const t = useWords(words)
  const book = useApi<object>('/sluice/v1/price-book')
  return (
    <details className="bill-price-book">
      <summary>{t.priceBook}</summary>
      <QueryView query={book}>
        {(data) => <CodeBlock label={t.priceBook} text={JSON.stringify(data, undefined, 2)} />}
      </QueryView>
    </details>
  )
}
