/** What happened to rules and their notices, newest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import type { AlertEvent } from '../../../../server/src/alerts/port.ts'
import { api } from '../../api/client.ts'
import type { ApiError } from '../../api/errors.ts'
import { Badge, type Tone } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { EmptyState, ErrorNotice, Skeleton } from '../../components/states.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useRules } from './data.ts'
import { words } from './words.ts'

interface Page {
  events: AlertEvent[]
  nextCursor?: string
}

const PAGE_EVENTS = 50
const ASK_AGAIN_MS = 15_000
const TONES: Record<AlertEvent['kind'], Tone> = {
  pending: 'warn',
  fired: 'bad',
  repeated: 'bad',
  resolved: 'good',
  noData: 'neutral',
  silenced: 'neutral',
  test: 'info',
  deliveryFailed: 'bad',
  delivered: 'neutral',
}

export function HistoryTab() {
  const t = useWords(words)
  const format = useFormat()
  const [search, setSearch] = useSearchParams()
  const rule = search.get('rule') ?? ''
  const rules = useRules().data?.rules ?? []
  const history = useInfiniteQuery<Page, ApiError>({
    queryKey: ['api', '/sluice/v1/alerts/history', rule],
    queryFn: ({ pageParam, signal }) =>
      api<Page>('/sluice/v1/alerts/history', {
        query: { rule, limit: PAGE_EVENTS, cursor: pageParam as string | undefined },
        signal,
      }),
    initialPageParam: undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ASK_AGAIN_MS,
  })
  const events = history.data?.pages.flatMap((page) => page.events)
  return (
    <>
      <div className="row">
        <select
          className="alerts-filter"
          aria-label={t.rule}
          value={rule}
          onChange={({ target }) => setSearch(target.value === '' ? {} : { rule: target.value }, { replace: true })}
        >
          <option value="">{t.allRules}</option>
          {rules.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      {history.error && <ErrorNotice error={history.error} onRetry={() => void history.refetch()} />}
      {events === undefined && !history.error && <Skeleton lines={6} />}
      {events?.length === 0 && <EmptyState icon="alerts" title={t.noEvents} />}
      {events !== undefined && events.length > 0 && (
        <div className="card flush">
          <ol className="alerts-history">
            {events.map(({ id, kind, rule: name, timeMs, message, route }) => (
              <li key={id}>
                <time className="soft small number" dateTime={new Date(timeMs).toISOString()}>
                  {format.dateTime(timeMs)}
                </time>
                <span className="row">
                  <Badge tone={TONES[kind]}>{t[kind]}</Badge>
                  <strong>{name}</strong>
                  {route !== null && <span className="soft">→ {route}</span>}
                </span>
                <span className="alerts-message">{message}</span>
              </li>
            ))}
          </ol>
          {history.hasNextPage && (
            <div className="alerts-more">
              <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
                {t.more}
              </Button>
            </div>
          )}
        </div>
      )}
    </>
  )
}
