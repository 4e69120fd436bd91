import { Badge, Status } from '../../../components/badge.tsx'
import { CodeBlock } from '../../../components/code-block.tsx'
import { LineText } from '../../../components/line-text.tsx'
import { QueryView } from '../../../components/states.tsx'
import { Waterfall } from '../../../components/waterfall.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { readable, useRunLog, useRunSpans, type Run } from './run.ts'
import { words } from './words.ts'

export function RunResult({ functionKey, run }: { functionKey: string; run: Run }) {
  const t = useWords(words)
  const { durationMs, megabytes } = useFormat()
  const isOk = run.status < 400 && run.errorType === ''
  const outcome = isOk ? t.succeeded : run.status < 400 ? `${t.functionFailed}: ${run.errorType}` : t.refused
  return (
    <>
      <section className="card stack">
        <div className="row spread">
          <h2>{t.result}</h2>
          <Status tone={isOk ? 'good' : 'bad'}>{outcome}</Status>
        </div>
        <dl className="run-figures">
          <Figure label={t.duration} value={durationMs(run.durationMs)} />
          <Figure label={t.total} value={durationMs(run.totalMs)} />
          <Figure label={t.memory} value={megabytes(run.memoryMB)} />
          <Figure label={t.status} value={String(run.status)} />
          <Figure label={t.version} value={run.versionId || '–'} />
        </dl>
        <div>
          <h3>{t.answer}</h3>
          {run.body === '' ? (
            <p className="soft">{t.emptyAnswer}</p>
          ) : (
            <CodeBlock label={t.answer} text={readable(run.body)} wrap />
          )}
        </div>
        <p className="soft small run-ids">
          {t.request} <span className="mono">{run.requestId}</span> · {t.instance}{' '}
          <span className="mono">{run.instanceId || '–'}</span>
        </p>
        <details>
          <summary className="soft">{t.headers}</summary>
          <CodeBlock label={t.headers} text={run.headers.map(([name, value]) => `${name}: ${value}`).join('\n')} wrap />
        </details>
      </section>
      <Phases requestId={run.requestId} />
      <RunLog functionKey={functionKey} requestId={run.requestId} />
    </>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="number">{value}</dd>
    </div>
  )
}

function Phases({ requestId }: { requestId: string }) {
  const t = useWords(words)
  const spans = useRunSpans(requestId)
  const names: Record<string, string> = {
    invocation: t.spanInvocation,
    queue: t.spanQueue,
    'cold start': t.spanColdStart,
    schedule: t.spanSchedule,
    package: t.spanPackage,
    sandbox: t.spanSandbox,
    runtime: t.spanRuntime,
    initializer: t.spanInitializer,
    execution: t.spanExecution,
  }
  const isCold = spans.data?.some(({ name }) => name === 'cold start') ?? false
  return (
    <section className="card stack tight">
      <div className="row spread">
        <h2>{t.phases}</h2>
        {spans.data && spans.data.length > 0 && (
          <Badge tone={isCold ? 'warn' : 'good'}>{isCold ? t.cold : t.warm}</Badge>
        )}
      </div>
      <QueryView query={spans}>
        {(list) =>
          list.length === 0 ? (
            <p className="soft">{t.noPhases}</p>
          ) : (
            <Waterfall title={t.phases} spans={list} nameOf={(name) => names[name] ?? name} />
          )
        }
      </QueryView>
    </section>
  )
}

function RunLog({ functionKey, requestId }: { functionKey: string; requestId: string }) {
  const t = useWords(words)
  const { timeMs } = useFormat()
  const log = useRunLog(functionKey, requestId)
  return (
    <section className="card stack tight">
      <h2>{t.log}</h2>
      <QueryView query={log}>
        {(lines) =>
          lines.length === 0 ? (
            <p className="soft">{t.noLog}</p>
          ) : (
            <ol className="run-log" tabIndex={0} aria-label={t.log}>
              {lines.map((line, at) => (
                // Lines have no name of their own, and none is ever put between two others.
                <li key={at} className={line.stream}>
                  <time>{timeMs(line.timeMs)}</time> <LineText text={line.text} />
                </li>
              ))}
            </ol>
          )
        }
      </QueryView>
    </section>
  )
}
