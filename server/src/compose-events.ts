/** What follows the documents and starts functions without a caller: routing, scaling rules, async invocations, triggers, alerts. */
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { openAlerts } from './alerts/open.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import type { Compute } from './compose-compute.ts'
import type { Stores } from './compose-stores.ts'
import type { Config } from './config.ts'
import { CONTAINER_RUNTIME } from './container-config.ts'
import { FcError } from './errors.ts'
import { Routing } from './gateway/routing.ts'
import { stemKind } from './instances/launch.ts'
import { post } from './invocations/async/http-post.ts'
import { openAsyncInvocations } from './invocations/async/open.ts'
import { readingsOf } from './metrics/readings.ts'
import { splitFunctionKey } from './model.ts'
import { FeedScalingRules } from './scaling/rules.ts'
import { openTriggers } from './triggers/open.ts'

/** From a change of what is deployed to a look at which sandboxes are to be prepared for it. */
const PREPARE_PAUSE_MS = 100

export type Events = Awaited<ReturnType<typeof openEvents>>

export interface EventsDeps {
  account: { accountId: string; region: string }
  log: Logger
  stores: Stores
  compute: Compute
  platformUrl: () => string
}

/** Resolves when all documents are known. Nothing is started before `start`. */
export async function openEvents(config: Config, deps: EventsDeps) {
  const { account, log, stores, compute } = deps
  const { queue, objects, history } = stores
  const { instances, invocations, metrics, runtimes, stems, appendLine } = compute

  const routing = new Routing(
    (retired) => instances.retire(retired),
    (functionKey, reason) => invocations.abort(functionKey, disabledWhileRunning(functionKey, reason)),
  )
  const scalingRules: FeedScalingRules = new FeedScalingRules(routing, () => instances.rulesChanged(scalingRules))
  let isPreparing = false
  /** Once for changes that come together, and never in the way of those who wait for them. */
  const prepareStems = () => {
    if (isPreparing) return
    isPreparing = true
    clock.setTimer(PREPARE_PAUSE_MS, () => {
      isPreparing = false
      const usable = routing
        .configs()
        .filter(({ code, runtime }) => code !== null && runtime !== CONTAINER_RUNTIME && runtimes.available(runtime).ok)
      stems.use(usable.map(({ runtime, diskMB }) => stemKind(runtimes.choice(runtime).interpreter, diskMB)))
    })
  }

  const resolveVersion = (functionKey: string, qualifier: string) => {
    const { service, name } = splitFunctionKey(functionKey)
    return routing.resolve(service, name, qualifier, () => random.fraction()).version
  }
  const asyncInvocations = openAsyncInvocations({
    ...account,
    ...{ clock, random, queue, invocations, appendLine, post, objects },
    resolve: resolveVersion,
    instancesMax: config.accountInstances,
    memoryMBMax: compute.hostMemoryMB,
    onEvent(functionKey, event, latencyMs) {
      metrics.observeAsync(functionKey, event, latencyMs)
      history.observeAsync(functionKey, event, latencyMs)
    },
    onDefect: (error, id) => log.error({ err: error, id }, 'a message of the queue failed for a reason of our own'),
  })
  const triggers = await openTriggers(account, {
    ...{ clock, queue, objects, appendLine },
    watched: stores.watchedObjects,
    invocations: asyncInvocations,
    warn: (message) => log.warn(message),
  })
  const alerts = await openAlerts(
    {
      directory: config.dataDir,
      smtp: { url: config.smtpUrl, from: config.smtpFrom },
      sender: {
        platform: `${hostname()}:${config.port}`,
        pageOf: (rule) => `${deps.platformUrl()}/console/alerts?rule=${encodeURIComponent(rule)}`,
      },
    },
    {
      ...{ clock, history, post, invocations: asyncInvocations },
      notify: (message) => log.error(message),
      onDefect: (error) => log.error({ err: error }, 'rules of alerts were not evaluated for a reason of our own'),
    },
  )

  history.addGauges(() =>
    readingsOf({
      instances: instances.list(),
      asyncBacklog: asyncInvocations.backlog(),
      waitingRequests: instances.waiting().reduce((sum, { requests }) => sum + requests, 0),
      instancesMax: config.accountInstances,
      quotaOf: (functionKey) => scalingRules.reservations().get(functionKey) ?? config.accountInstances,
      monthCost: stores.metering.monthCost(),
    }),
  )
  history.addInstances(() => instances.usage('those with metrics of their own'))
  metrics.setSources({
    asyncBacklog: () => asyncInvocations.backlog(),
    triggers: () => triggers.counts.list(),
    alertNotices: () => alerts.counts(),
  })

  let feedError: Error | null = null
  const feed = await stores.metadata.watch(
    (changes) => {
      feedError = null
      routing.apply(changes)
      scalingRules.apply(changes)
      asyncInvocations.apply(changes)
      triggers.feed.apply(changes)
      stores.logs.apply(changes)
      alerts.apply(changes)
      prepareStems()
    },
    (error) => {
      feedError = error
      log.error({ err: error }, 'the metadata feed is broken; retrying')
    },
  )

  return {
    ...{ routing, asyncInvocations, triggers, alerts, resolveVersion, prepareStems },
    /** Why documents are not followed at present. */
    feedError: () => feedError,
    start() {
      asyncInvocations.start()
      alerts.start()
    },
    /** After those that run have ended. */
    async close() {
      await triggers.close()
      await alerts.close()
      await feed.stop()
    },
  }
}

function disabledWhileRunning(functionKey: string, reason: string): FcError {
  return new FcError(
    'FunctionInvocationDisabled',
    `invocation of function '${functionKey}' was disabled while the request ran: ${reason || 'no reason given'}`,
  )
}
