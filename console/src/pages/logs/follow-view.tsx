/** Lines as they are printed. */
import { useEffect, useRef, useState } from 'react'
import type { LogHit } from '../../../../server/src/logs/port.ts'
import { useFollow } from '../../api/use-api.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { added, dropped, emptyBuffer, type FollowBuffer, paused, resumed } from './follow-buffer.ts'
import { HitLine } from './hit-line.tsx'
import { conditionsOf, type LogsState } from './logs-address.ts'
import { words } from './words.ts'
import './follow-view.css'

type Hit = Pick<LogHit, 'line' | 'source' | 'highlights'> & Partial<Pick<LogHit, 'fields'>>
/** With a query hits come, without one lines. */
type Item = Hit | Pick<Hit, 'line'> | { dropped: number }
type Buffer = FollowBuffer<{ number: number; hit: Hit }>

/** Lines come by thousands; a page is drawn a few times a second. */
const DRAW_MS = 150
/** So near to its end a list is read along. */
const END_PX = 60

export function FollowView({ state: { query, functionKey } }: { state: LogsState }) {
  const t = useWords(words)
  const format = useFormat()
  const [buffer, setBuffer] = useState<Buffer>(emptyBuffer)
  const arrived = useRef<{ items: Buffer['items'][number][]; missed: number; count: number }>({
    items: [],
    missed: 0,
    count: 0,
  })
  const list = useRef<HTMLOListElement>(null)
  const isAtEnd = useRef(true)

  const asked = { query: conditionsOf(query).trim(), function: functionKey }
  const { state, error } = useFollow<Item>('/sluice/v1/logs/follow', asked, (item) => {
    if ('dropped' in item) arrived.current.missed += item.dropped
    else if ('line' in item) {
      const hit: Hit = { source: 'log', highlights: [], ...item }
      arrived.current.items.push({ number: arrived.current.count++, hit })
    }
  })
  useEffect(() => {
    const timer = setInterval(() => {
      const { items, missed } = arrived.current
      if (items.length === 0 && missed === 0) return
      arrived.current = { ...arrived.current, items: [], missed: 0 }
      setBuffer((before) => dropped(added(before, items), missed))
    }, DRAW_MS)
    return () => clearInterval(timer)
  }, [])
  // Who has scrolled up reads; who is at the end wants to see what comes.
  useEffect(() => {
    if (isAtEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight
  }, [buffer.items])

  const { isPaused, items, waiting, missed } = buffer
  return (
    <section className="card flush">
      <div className="card-head">
        <span className="row small soft" role="status">
          <span className={`live-dot ${state === 'open' && !isPaused ? 'on' : ''}`} aria-hidden="true" />
          {state === 'waiting' ? t.reconnecting : t.live}
          {missed > 0 && <span className="live-missed">{t.missed(format.number(missed))}</span>}
        </span>
        <span className="row">
          <Button
            small
            icon={isPaused ? 'play' : 'clock'}
            onClick={() => setBuffer(isPaused ? resumed(buffer) : paused(buffer))}
          >
            {isPaused ? t.resume(format.number(waiting.length)) : t.pause}
          </Button>
          <Button small icon="trash" onClick={() => setBuffer({ ...emptyBuffer(), isPaused })}>
            {t.clear}
          </Button>
        </span>
      </div>
      {error && state === 'failed' && <ErrorNotice error={error} />}
      <ol
        ref={list}
        className="hits live-lines"
        tabIndex={0}
        aria-label={t.live}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < END_PX
        }}
      >
        {items.length === 0 && <li className="soft live-empty">{t.waitingForLines}</li>}
        {items.map(({ number, hit }) => (
          <li key={number}>
            <HitLine hit={hit} showsFunction={functionKey === ''} />
          </li>
        ))}
      </ol>
    </section>
  )
}
