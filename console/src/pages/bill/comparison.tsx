import type { Bill } from '../../../../server/src/meter/port.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { compareWithServers, isWithinFreeQuota } from './bill-view.ts'
import { words } from './words.ts'

const GB_IN_MB = 1024

/** What the same work would have cost on servers that hold its peak, whichever is cheaper. */
export function Comparison({ bill }: { bill: Bill }) {
  const t = useWords(words)
  const format = useFormat()
  const compared = compareWithServers(bill)
  if (compared === null || bill.servers === null) return null
  const { servers, total, currency } = bill
  // Rounded down: what costs something is never 100 % cheaper.
  const percent = format.percent(Math.floor(compared.saving * 1000) / 1000)
  const compares = { functions: t.saved(percent), servers: t.dearer(percent), equal: t.equal }[compared.cheaper]
  const verdict = isWithinFreeQuota(bill) ? t.freeHere : compares
  const rows = [
    { name: t.onFunctions, amount: total, share: compared.functionsShare, look: 'functions' },
    {
      name: t.onServers(format.number(servers.count), servers.name),
      amount: servers.amount,
      share: compared.serversShare,
      look: 'servers',
    },
  ]
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t.comparison}</h2>
      </div>
      <dl className="bill-comparison">
        {rows.map(({ name, amount, share, look }) => (
          <div key={look}>
            <dt>{name}</dt>
            <dd>
              <span className={`bill-length ${look}`} style={{ width: `${share * 100}%` }} aria-hidden="true" />
              <span className="number">{format.currency(amount, currency)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p>{verdict}</p>
      <p className="small soft">
        {t.sized(
          format.number(servers.peakVcpu, 1),
          format.megabytes(servers.peakMemoryGB * GB_IN_MB),
          format.date(Date.parse(servers.peak)),
        )}
      </p>
    </section>
  )
}
