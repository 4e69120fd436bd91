import { type FormEvent, useState } from 'react'
import { Link } from 'wouter'
import type { Bill, BillGrouping } from '../../../../server/src/meter/port.ts'
import { EmptyState } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { formatQuantity, groupsWithShares } from './bill-view.ts'
import { words } from './words.ts'

interface Props {
  bill: Bill
  by: BillGrouping
  tag: string
  onBy: (by: BillGrouping) => void
  onTag: (key: string) => void
}

/** Who the money was spent for. */
export function Groups({ bill, by, tag, onBy, onTag }: Props) {
  const t = useWords(words)
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.groups}</h2>
        <div className="row">
          {by === 'tag' && <TagKey tag={tag} onTag={onTag} />}
          <select
            className="bill-by"
            aria-label={t.by}
            value={by}
            onChange={({ target }) => onBy(target.value as BillGrouping)}
          >
            <option value="function">{t.function}</option>
            <option value="service">{t.service}</option>
            <option value="tag">{t.tag}</option>
          </select>
        </div>
      </div>
      {by === 'tag' && tag === '' ? (
        <EmptyState icon="bill" title={t.tagKey}>
          {t.tagKeyHint}
        </EmptyState>
      ) : (
        <GroupTable bill={bill} by={by} />
      )}
    </section>
  )
}

function GroupTable({ bill, by }: Pick<Props, 'bill' | 'by'>) {
  const t = useWords(words)
  const format = useFormat()
  const quantity = (value: number) => formatQuantity(value, format.locale)
  return (
    <Table
      caption={t.groups}
      rows={groupsWithShares(bill.groups)}
      keyOf={({ name }) => name}
      order={{ key: 'amount', descending: true }}
      empty={
        <EmptyState icon="bill" title={t.nothing}>
          {t.nothingHint}
        </EmptyState>
      }
      columns={[
        {
          key: 'name',
          header: { service: t.service, function: t.function, tag: t.tag }[by],
          render: ({ name }) =>
            name === '' ? (
              <span className="soft">{t.withoutName}</span>
            ) : by === 'function' ? (
              <Link href={`/functions/${encodeURIComponent(name)}`}>{name}</Link>
            ) : (
              name
            ),
          sortBy: ({ name }) => name,
        },
        {
          key: 'invocations',
          header: t.invocations,
          numeric: true,
          render: ({ usage }) => format.number(usage.invocations),
          sortBy: ({ usage }) => usage.invocations,
        },
        {
          key: 'memory',
          header: t.gigabyteSeconds,
          numeric: true,
          render: ({ usage }) => quantity(usage.activeMemoryGigabyteSeconds + usage.idleMemoryGigabyteSeconds),
          sortBy: ({ usage }) => usage.activeMemoryGigabyteSeconds + usage.idleMemoryGigabyteSeconds,
        },
        {
          key: 'cpu',
          header: t.vcpuSeconds,
          numeric: true,
          render: ({ usage }) => quantity(usage.activeVcpuSeconds + usage.idleVcpuSeconds),
          sortBy: ({ usage }) => usage.activeVcpuSeconds + usage.idleVcpuSeconds,
        },
        {
          key: 'share',
          header: t.share,
          numeric: true,
          render: ({ share }) => (
            <span className="bill-share">
              <span className="bill-share-track" aria-hidden="true">
                <span style={{ width: `${share * 100}%` }} />
              </span>
              <span className="bill-share-percent">{format.percent(share)}</span>
            </span>
          ),
        },
        {
          key: 'amount',
          header: t.amount,
          numeric: true,
          render: ({ amount }) => format.currency(amount, bill.currency),
          sortBy: ({ amount }) => amount,
        },
      ]}
    />
  )
}

function TagKey({ tag, onTag }: { tag: string; onTag: (key: string) => void }) {
  const t = useWords(words)
  const [draft, setDraft] = useState(tag)
  const send = (event: FormEvent) => {
    event.preventDefault()
    onTag(draft.trim())
  }
  return (
    <form onSubmit={send}>
      <input
        type="text"
        className="bill-tag"
        aria-label={t.tagKey}
        placeholder={t.tagKey}
        value={draft}
        onChange={({ target }) => setDraft(target.value)}
        onBlur={() => onTag(draft.trim())}
      />
    </form>
  )
}
