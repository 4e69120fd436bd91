/** One line among others: its time, where it comes from, its text; opened, all that is known of it. */
import { memo } from 'react'
import type { LogHit } from '../../../../server/src/logs/port.ts'
import { HitDetails } from './hit-details.tsx'
import { HitLine } from './hit-line.tsx'

interface Props {
  hit: LogHit
  isOpen: boolean
  showsFunction: boolean
  onToggle: (id: string) => void
  /** Narrows the search. */
  onCondition: (condition: string) => void
}

export const HitRow = memo(function HitRow({ hit, isOpen, showsFunction, onToggle, onCondition }: Props) {
  return (
    <li className={isOpen ? 'hit open' : 'hit'}>
      <HitLine hit={hit} showsFunction={showsFunction} isOpen={isOpen} onToggle={() => onToggle(hit.id)} />
      {isOpen && <HitDetails hit={hit} onCondition={onCondition} />}
    </li>
  )
})
