import './stat-tile.css'
import type { ReactNode } from 'react'
import { Sparkline } from './sparkline.tsx'
import type { Tone } from './badge.tsx'

interface StatTileProps {
  label: string
  value: string
  /** Below the value: what it is compared with. */
  note?: ReactNode
  tone?: Tone
  /** The last values, oldest first. */
  history?: readonly (number | null)[]
}

/** One figure that matters. */
export function StatTile({ label, value, note, tone = 'neutral', history }: StatTileProps) {
  return (
    <div className={`stat-tile card ${tone}`}>
      <dl>
        <dt>{label}</dt>
        <dd className="figure">{value}</dd>
        {note !== undefined && <dd className="note">{note}</dd>}
      </dl>
      {history && <Sparkline values={history} />}
    </div>
  )
}
