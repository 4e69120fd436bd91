/** Every instance as a tile: its area is its memory, its filling what is used of it, its colour what it does. */
import { Link } from 'wouter'
import { useFormat, useWords } from '../../i18n/language.ts'
import { fillOf, type InstanceGroup, type InstanceView, lookOf, tileSide } from './picture.ts'
import { words } from './words.ts'

interface Props {
  groups: readonly InstanceGroup[]
  selectedId: string
  onSelect: (id: string) => void
}

const LOOKS = ['busy', 'ready', 'frozen', 'starting', 'ending'] as const

export function HostTiles({ groups, selectedId, onSelect }: Props) {
  const t = useWords(words)
  const format = useFormat()
  const totalMB = groups.reduce((sum, { memoryMB }) => sum + memoryMB, 0)
  return (
    <div className="instances-host">
      <ul className="instances-legend small" aria-label={t.legend}>
        {LOOKS.map((look) => (
          <li key={look}>
            <span className={`instances-key ${look}`} aria-hidden="true" /> {t[look]}
          </li>
        ))}
      </ul>
      <div className="instances-groups">
        {groups.map(({ functionKey, memoryMB, instances }) => (
          <section key={functionKey} className="instances-group">
            <h2>
              <Link href={`/functions/${encodeURIComponent(functionKey)}`}>{functionKey}</Link>{' '}
              <span className="soft small number">
                {t.groupCount(format.number(instances.length), format.megabytes(memoryMB))}
              </span>
            </h2>
            <ul className="instances-tiles">
              {instances.map((instance) => (
                <li key={instance.instanceId}>
                  <Tile
                    instance={instance}
                    side={tileSide(instance.memoryMB, totalMB)}
                    isSelected={instance.instanceId === selectedId}
                    onSelect={onSelect}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  )
}

interface TileProps {
  instance: InstanceView
  /** px. */
  side: number
  isSelected: boolean
  onSelect: (id: string) => void
}

/** In px: smaller ones have no room for a number. */
const SIDE_OF_NUMBERS = 36

function Tile({ instance, side, isSelected, onSelect }: TileProps) {
  const t = useWords(words)
  const format = useFormat()
  const { instanceId, state, memoryMB, usedMemoryMB, inFlight, concurrency } = instance
  const fill = fillOf(instance)
  const look = lookOf(state)
  const memory = t.ofMemory(format.megabytes(usedMemoryMB), format.megabytes(memoryMB))
  const said = t.tile(instanceId, t[look], memory, t.slots(format.number(inFlight), format.number(concurrency)))
  return (
    <button
      type="button"
      className={`instances-tile ${look}`}
      style={{ width: side, height: side }}
      aria-label={said}
      aria-pressed={isSelected}
      title={said}
      onClick={() => onSelect(instanceId)}
    >
      <span className="instances-fill" style={{ height: `${(fill ?? 0) * 100}%` }} />
      {side >= SIDE_OF_NUMBERS && inFlight > 0 && (
        <span className="instances-tile-number number">{format.number(inFlight)}</span>
      )}
    </button>
  )
}
