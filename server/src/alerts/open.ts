/** The alerts: rules from the change feed, values from the metric history, notices to routes. */
import { uuidV7, type Clock } from '../clock.ts'
import type { AsyncInvocations } from '../invocations/port.ts'
import type { Change } from '../metadata/port.ts'
import type { MetricHistory } from '../metrics/port.ts'
import { openBook } from './book.ts'
import { createEmailCarrier, type SmtpOptions } from './carriers/email.ts'
import { createFunctionCarrier } from './carriers/function.ts'
import { createWebhookCarrier, type WebhookDeps } from './carriers/webhook.ts'
import { Deliverer, type DeliveryOutcome } from './deliverer.ts'
import { Evaluator } from './evaluator.ts'
import { AlertFeed } from './feed.ts'
import { createObserve } from './observe.ts'
import type { AlertEvent, Alerts } from './port.ts'
import { noticeOf, SAMPLE_RULE, type Sender } from './words.ts'

export interface AlertsOptions {
  directory: string
  smtp: SmtpOptions
  sender: Sender
}

export interface AlertsDeps {
  clock: Clock
  history: Pick<MetricHistory, 'catalogue' | 'query'>
  invocations: Pick<AsyncInvocations, 'accept'>
  post: WebhookDeps['post']
  /** For the operator. */
  notify: (message: string) => void
  onDefect: (error: unknown) => void
}

export interface OpenAlerts extends Alerts {
  /** The first call has the whole state: with it the evaluations begin. */
  apply(changes: readonly Change[]): void
  /** Delivers what waits; not before the feed has told the routes, and functions can be invoked. */
  start(): void
  counts(): Iterable<{ kind: string; outcome: DeliveryOutcome; count: number }>
  close(): Promise<void>
}

/** Rejects with an error that says what to do when the database cannot be opened. */
export async function openAlerts(options: AlertsOptions, deps: AlertsDeps): Promise<OpenAlerts> {
  const { directory, smtp, sender } = options
  const { clock, history } = deps
  const startMs = clock.monotonicMs()
  // By the wall clock as it is now, however it was set since.
  const upSinceMs = () => clock.nowMs() - Math.floor(clock.monotonicMs() - startMs)
  const book = await openBook({ directory }, deps.notify)
  const feed = new AlertFeed(() => evaluator.rulesChanged())
  const carriers = {
    webhook: createWebhookCarrier({ clock, post: deps.post }),
    email: createEmailCarrier(smtp),
    function: createFunctionCarrier(deps.invocations),
  }
  const deliverer = new Deliverer({ clock, book, carriers, routeOf: (name) => feed.route(name) })
  const observe = createObserve({ clock, history, upSinceMs })
  const { onDefect } = deps
  const evaluator: Evaluator = new Evaluator(
    { clock, feed, observe, book, deliverer, sender, upSinceMs, onDefect },
    book.opened.states,
  )
  return {
    apply: (changes) => feed.apply(changes),
    start: () => deliverer.add(book.opened.deliveries),
    statuses: () => evaluator.statuses(),
    history: (query) => book.history(query),
    async test(rule, routes) {
      const nowMs = clock.nowMs()
      const tested = rule ?? SAMPLE_RULE
      const info = history.catalogue.find(({ name }) => name === tested.metric) ?? { unit: 'count' }
      const message = 'This is a test; nothing has happened.'
      const parts = { id: uuidV7(nowMs), state: 'test' as const, value: null, message, startedMs: nowMs, nowMs }
      const notice = noticeOf(tested, info, sender, parts)
      const deliveries = await Promise.all(routes.map((route) => deliverer.test(route, notice)))
      const events = deliveries.map(({ route, message: outcome }): AlertEvent => ({
        id: uuidV7(nowMs),
        rule: rule?.name ?? '',
        timeMs: nowMs,
        kind: 'test',
        value: null,
        message: `test: ${outcome}`,
        route,
      }))
      // What was tested is answered, also when the history cannot be written.
      await book.record({ states: [], forgotten: [], events, deliveries: [], nowMs }).catch(() => {})
      return deliveries
    },
    counts: () => deliverer.counts(),
    async close() {
      evaluator.close()
      deliverer.close()
      await book.close()
    },
  }
}
