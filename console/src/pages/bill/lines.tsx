import type { Bill, BillLine } from '../../../../server/src/meter/port.ts'
import { Table } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { formatQuantity } from './bill-view.ts'
import { words } from './words.ts'

/** One line per meter: what was used, what of it was free, and the steps of its price. */
export function Lines({ bill }: { bill: Bill }) {
  const t = useWords(words)
  const format = useFormat()
  const quantity = (value: number, unit: string) => `${formatQuantity(value, format.locale)} ${unitName(t, unit)}`
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.lines}</h2>
      </div>
      <Table
        caption={t.lines}
        rows={bill.lines}
        keyOf={({ meter }) => meter}
        empty={<p className="soft bill-nothing">{t.nothingHint}</p>}
        columns={[
          { key: 'meter', header: t.meter, render: ({ meter }) => t[meter] },
          {
            key: 'quantity',
            header: t.quantity,
            numeric: true,
            render: (line) => quantity(line.quantity, line.unit),
          },
          {
            key: 'free',
            header: t.free,
            numeric: true,
            render: (line) => (line.freeQuantity > 0 ? quantity(line.freeQuantity, line.unit) : '–'),
          },
          {
            key: 'price',
            header: t.price,
            numeric: true,
            render: (line) => <Tiers line={line} currency={bill.currency} />,
          },
          {
            key: 'amount',
            header: t.amount,
            numeric: true,
            render: ({ amount }) => format.currency(amount, bill.currency),
          },
        ]}
      />
    </section>
  )
}

/** Units have names of their own in each language; of those that are not known, the price book's. */
function unitName(t: object, unit: string): string {
  return (t as Record<string, string>)[unit] ?? unit
}

/** Only the steps that were reached. */
function Tiers({ line: { tiers, unit, per }, currency }: { line: BillLine; currency: string }) {
  const t = useWords(words)
  const format = useFormat()
  const reached = tiers.filter(({ quantity }) => quantity > 0)
  if (reached.length === 0) return <span className="soft">{t.freeOfCharge}</span>
  return (
    <ul className="bill-tiers">
      {reached.map(({ unitPrice, upTo }) => {
        const before = tiers[tiers.findIndex((tier) => tier.upTo === upTo) - 1]?.upTo ?? 0
        const price = format.currency(unitPrice, currency)
        const from = formatQuantity(before, format.locale)
        return (
          <li key={upTo}>
            {per === 1 ? t.perOne(price, unit, unitName(t, unit)) : t.per(price, format.number(per), unitName(t, unit))}
            {tiers.length > 1 && (
              <span className="small soft">
                {' '}
                {upTo === null ? t.tierFrom(from) : t.tierTo(from, formatQuantity(upTo, format.locale))}
              </span>
            )}
          </li>
        )
      })}
    </ul>
  )
}
