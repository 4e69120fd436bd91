/** One invocation: where its time went, its record, and every line that it printed. */
import { useMemo } from 'react'
import { useParams, useSearchParams } from 'wouter'
import type { InvocationRecord } from '../../../../server/src/logs/port.ts'
import { useApi } from '../../api/use-api.ts'
import { Badge } from '../../components/badge.tsx'
import { CopyButton } from '../../components/code-block.tsx'
import { LineText } from '../../components/line-text.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import type { Period } from '../../components/time-range.ts'
import { type Span, Waterfall } from '../../components/waterfall.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { quoted } from './logs-address.ts'
import { RequestLines } from './request-lines.tsx'
import { words } from './words.ts'

/** While it runs there is no record yet. */
const ASK_AGAIN_MS = 2000
/** How far from the time in the address its lines are looked for, while there is no record. */
const AROUND_MS = 86_400_000
/** Lines may be a little older or newer than the record says. */
const MARGIN_MS = 60_000

export function RequestPage() {
  const t = useWords(words)
  const { requestId } = useParams<{ requestId: string }>()
  const [search] = useSearchParams()
  const at = Number(search.get('at') ?? Number.NaN)
  const trace = useApi<{ spans: Span[] }>(
    '/sluice/v1/traces',
    { requestId },
    { refetchInterval: ({ state }) => (state.data?.spans.length === 0 ? ASK_AGAIN_MS : false) },
  )
  const records = useApi<{ records: InvocationRecord[] }>('/sluice/v1/records', { requestId })
  const known = records.data?.records
  const period = useMemo(() => known && periodOf(known, at), [known, at])
  return (
    <div className="stack loose">
      <PageHead
        title={t.requestTitle}
        lead={
          <span className="row">
            <span className="mono">{requestId}</span> <CopyButton text={requestId} />
          </span>
        }
      />
      <section className="card">
        <div className="card-head">
          <h2>{t.requestPhases}</h2>
        </div>
        <QueryView query={trace}>
          {({ spans }) =>
            spans.length === 0 ? (
              <EmptyState icon="clock" title={t.noTrace} />
            ) : (
              <Waterfall title={t.requestPhases} spans={spans} nameOf={(name) => phaseName(t, name)} />
            )
          }
        </QueryView>
      </section>
      <QueryView query={records} lines={2}>
        {({ records }) =>
          records.map((record) => <RecordCard key={`${record.startedMs} ${record.kind}`} record={record} />)
        }
      </QueryView>
      {period !== undefined && <RequestLines query={`requestId: ${quoted(requestId)}`} period={period} />}
    </div>
  )
}

/** Of a request of which nothing is known, everything that is kept. */
function periodOf(records: readonly InvocationRecord[], atMs: number): Period {
  if (records.length > 0) {
    return {
      fromMs: Math.floor(Math.min(...records.map(({ startedMs }) => startedMs))) - MARGIN_MS,
      toMs: Math.ceil(Math.max(...records.map(endOf))) + MARGIN_MS,
    }
  }
  return Number.isSafeInteger(atMs)
    ? { fromMs: atMs - AROUND_MS, toMs: atMs + AROUND_MS }
    : { fromMs: 0, toMs: Date.now() + AROUND_MS }
}

const endOf = ({ startedMs, queuedMs, durationMs }: InvocationRecord) => startedMs + queuedMs + durationMs

type RequestWords = ReturnType<typeof useWords<(typeof words)['en']>>

function phaseName(t: RequestWords, name: string): string {
  const names: Record<string, string> = {
    invocation: t.phaseInvocation,
    queue: t.phaseQueue,
    'cold start': t.phaseColdStart,
    schedule: t.phaseSchedule,
    package: t.phasePackage,
    sandbox: t.phaseSandbox,
    runtime: t.phaseRuntime,
    initializer: t.phaseInitializer,
    execution: t.phaseExecution,
  }
  return names[name] ?? name
}

function RecordCard({ record }: { record: InvocationRecord }) {
  const t = useWords(words)
  const format = useFormat()
  const facts: [string, string][] = [
    [t.function, record.functionKey],
    [t.version, record.versionId],
    [t.instance, record.instanceId],
    [t.kind, `${record.kind} · ${record.invocationType}`],
    [t.time, format.dateTime(record.startedMs)],
    [t.duration, format.durationMs(record.durationMs)],
    [t.billed, format.durationMs(record.billedMs)],
    [t.memory, `${format.megabytes(record.maxMemoryMB)} / ${format.megabytes(record.memoryMB)}`],
    [t.bytes, `${format.bytes(record.requestBytes)} → ${format.bytes(record.responseBytes)}`],
  ]
  if (record.method !== '') facts.push([t.http, `${record.method} ${record.path}`])
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t.record}</h2>
        <span className="row">
          {record.coldStart !== null && <Badge tone="info">{t.coldStart}</Badge>}
          <Badge tone={record.fault === null ? 'good' : 'bad'}>
            {record.errorType === '' ? String(record.statusCode) : `${record.statusCode} ${record.errorType}`}
          </Badge>
        </span>
      </div>
      {record.errorMessage !== '' && (
        <p className="request-error">
          <LineText text={record.errorMessage} />
        </p>
      )}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>
              <LineText text={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
