/** The host as a whole: how much of it is given to whom. */
import { useFormat, useWords } from '../../i18n/language.ts'
import { hostShares, type HostView, type InstanceGroup, type StemView } from './picture.ts'
import { words } from './words.ts'

interface Props {
  host: HostView
  groups: readonly InstanceGroup[]
  count: number
  stems: readonly StemView[]
}

/** As many as there are colours. */
const SHARES_MAX = 5

export function HostCard({ host, groups, count, stems }: Props) {
  const t = useWords(words)
  const format = useFormat()
  const shares = hostShares(groups, host.memoryMB, SHARES_MAX)
  return (
    <section className="card stack tight" aria-label={t.host}>
      <p className="small soft">{t.memoryGiven(format.megabytes(host.usedMB), format.megabytes(host.memoryMB))}</p>
      <div className="instances-host-bar" aria-hidden="true">
        {shares.map(({ functionKey, share }, at) => (
          <span
            key={functionKey}
            title={functionKey || t.otherFunctions}
            style={{ width: `${share * 100}%`, background: `var(--chart-${at + 1})` }}
          />
        ))}
      </div>
      <ul className="instances-host-legend small">
        {shares.map(({ functionKey, share }, at) => (
          <li key={functionKey}>
            <span className="instances-swatch" style={{ background: `var(--chart-${at + 1})` }} aria-hidden="true" />
            {functionKey || t.otherFunctions} <span className="soft number">{format.percent(share)}</span>
          </li>
        ))}
      </ul>
      <dl className="instances-host-facts">
        <div>
          <dt>{t.instancesOf}</dt>
          <dd className="number">{t.slots(format.number(count), format.number(host.instancesMax))}</dd>
        </div>
        <div>
          <dt>{t.cpus}</dt>
          <dd className="number">{format.number(host.cpus, 1)}</dd>
        </div>
        <div>
          <dt>{t.sandbox}</dt>
          <dd>{host.sandbox}</dd>
        </div>
        <div>
          <dt>{t.stems}</dt>
          <dd>
            {stems.length === 0
              ? t.noStems
              : stems.map(({ kind, waiting, booting }) => (
                  <span key={kind} className="instances-stem">
                    {kind}: {t.stemCount(format.number(waiting), format.number(booting))}
                  </span>
                ))}
          </dd>
        </div>
      </dl>
    </section>
  )
}
