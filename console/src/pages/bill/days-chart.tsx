import type { Bill } from '../../../../server/src/meter/port.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { daysOfMonth } from './bill-view.ts'
import { words } from './words.ts'

/** A bar for each day that cost something, in its place in the month. */
export function DaysChart({ bill, todayUtc }: { bill: Bill; todayUtc: string }) {
  const t = useWords(words)
  const format = useFormat()
  const days = daysOfMonth(bill, todayUtc)
  const highest = Math.max(...days.map(({ amount }) => amount ?? 0))
  const money = (amount: number | null) => format.currency(amount, bill.currency)
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t.days}</h2>
        <span className="small soft number">{money(highest)}</span>
      </div>
      <div className="bill-days" aria-hidden="true">
        {days.map(({ day, amount }) => (
          <span key={day} className="bill-day" title={t.dayAmount(day, money(amount))}>
            {amount !== null && amount > 0 && (
              <span className="bill-bar" style={{ height: `${(amount / highest) * 100}%` }} />
            )}
            <span className={day === todayUtc ? 'bill-day-name today' : 'bill-day-name'}>{Number(day.slice(8))}</span>
          </span>
        ))}
      </div>
      <details className="bill-table">
        <summary>{t.asTable}</summary>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t.day}</th>
              <th scope="col" className="numeric">
                {t.amount}
              </th>
            </tr>
          </thead>
          <tbody>
            {days.flatMap(({ day, amount }) =>
              amount === null
                ? []
                : [
                    <tr key={day}>
                      <td data-label={t.day}>{day}</td>
                      <td data-label={t.amount} className="numeric">
                        {money(amount)}
                      </td>
                    </tr>,
                  ],
            )}
          </tbody>
        </table>
      </details>
    </section>
  )
}
