import type { Bill } from '../../../../server/src/meter/port.ts'
import { StatTile } from '../../components/stat-tile.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { isWithinFreeQuota } from './bill-view.ts'
import { words } from './words.ts'

export function Totals({ bill, isCurrent }: { bill: Bill; isCurrent: boolean }) {
  const t = useWords(words)
  const format = useFormat()
  const { currency, total, forecast, groups } = bill
  const invocations = groups.reduce((sum, { usage }) => sum + usage.invocations, 0)
  return (
    <div className="grid" style={{ '--least': '12rem' } as object}>
      <StatTile
        label={isCurrent ? t.totalSoFar : t.total}
        value={format.currency(total, currency)}
        note={isWithinFreeQuota(bill) ? t.allFree : undefined}
      />
      <StatTile
        label={t.forecast}
        value={forecast === null ? '–' : format.currency(forecast.amount, currency)}
        note={
          forecast === null ? (
            isCurrent ? (
              t.noForecast
            ) : (
              t.forecastOver
            )
          ) : (
            <span title={forecast.method}>{t.atPace}</span>
          )
        }
      />
      <StatTile
        label={t.invocations}
        value={format.compact(invocations)}
        note={
          invocations > 0 && total > 0
            ? t.perMillion(format.currency((total / invocations) * 1e6, currency))
            : undefined
        }
      />
    </div>
  )
}
