/** What is spoken with: the management API, the gateway, the console and the object service, before anything listens. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import { registerAlertRoutes } from './api/sluice/alerts.ts'
import { registerConsoleRoutes } from './api/sluice/console.ts'
import { registerMeterRoutes } from './api/sluice/meter.ts'
import { registerMetricRoutes } from './api/sluice/metrics.ts'
import { registerSluiceRoutes } from './api/sluice/routes.ts'
import { registerStateRoutes } from './api/sluice/state.ts'
import { registerTestEventRoutes } from './api/sluice/test-events.ts'
import { registerTraceRoutes } from './api/sluice/traces.ts'
import { registerTriggerRoutes } from './api/sluice/triggers.ts'
import { createSecurityTokenService } from './auth/assume-role.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { createAuthorizer } from './auth/authorizer.ts'
import type { Identity } from './auth/identity.ts'
import { createJwtVerifier } from './auth/jwt-verifier.ts'
import { createKeyRing } from './auth/key-ring.ts'
import type { JwtVerifierFactory, TokenIssuer } from './auth/port.ts'
import { createVouching } from './auth/vouching.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import type { Compute } from './compose-compute.ts'
import type { Events } from './compose-events.ts'
import type { Stores } from './compose-stores.ts'
import { describeConfig, type LoadedConfig } from './config.ts'
import { createConsole } from './console/console.ts'
import { createGateway } from './gateway/gateway.ts'
import { answerPlatformEndpoint } from './gateway/platform-endpoints.ts'
import { createReadyCheck } from './gateway/ready-check.ts'
import { createUpgradeGate } from './gateway/upgrade.ts'
import { openFeatures } from './objects/wire/features/open.ts'
import { stsFeature } from './objects/wire/features/sts.ts'
import { openObjectsWire } from './objects/wire/open.ts'

/** Built by the setup. */
const CONSOLE_PAGES = join(import.meta.dirname, '..', '..', 'console', 'dist')

export interface WiresDeps {
  identity: Identity
  region: string
  version: string
  log: Logger
  tokens: TokenIssuer
  stores: Stores
  compute: Compute
  events: Events
  platformUrl: () => string
  objectsUrl: string
  /** The public listener's, once it listens. */
  port: () => number
}

export async function openWires(loaded: LoadedConfig, deps: WiresDeps) {
  const { config } = loaded
  const { identity, region, log, tokens, stores, compute, events, port } = deps
  const { metadata, packages, images, objects, history } = stores
  const { sandboxes, runtimes, instances, invocations, metrics } = compute
  const { asyncInvocations, routing, triggers, alerts } = events
  const account = { accountId: identity.accountId, region }

  const keys = createKeyRing(identity)
  const vouching = createVouching()
  const authenticator = createAuthenticator(keys, { clock, vouching })
  const authorizer = createAuthorizer(account)
  const jwtVerifier: JwtVerifierFactory = (authConfig) => createJwtVerifier(authConfig, { clock })
  const onDefect = (error: unknown, requestId: string) =>
    log.error({ err: error, requestId }, 'a request failed for a reason of our own')

  function addOwnRoutes(app: FastifyInstance): void {
    const common = { ...account, authorizer, clock }
    const arnOf = (resource: string) => `acs:fc:${region}:${account.accountId}:${resource}`
    registerStateRoutes(app, {
      ...common,
      settings: describeConfig(loaded),
      backlog: () => asyncInvocations.backlog(),
    })
    registerConsoleRoutes(app, { vouching, issueTicket: () => consoleSite.issueTicket() })
    registerTestEventRoutes(app, { ...common, metadata })
    registerTriggerRoutes(app, {
      ...common,
      bus: triggers.bus,
      listTriggers: (functionKey) => triggers.feed.list(functionKey),
    })
    registerAlertRoutes(app, {
      ...common,
      ...{ alerts, history, metadata },
      hasSmtp: config.smtpUrl !== '',
      resolve: events.resolveVersion,
    })
    registerMetricRoutes(app, {
      ...common,
      history,
      host: { ...compute.hostLimits, cpus: availableParallelism(), sandbox: sandboxes.kind },
      instances: () => instances.usage('all'),
      stems: () => compute.stems.list(),
    })
    registerTraceRoutes(app, { ...common, logs: stores.logs.store })
    registerMeterRoutes(app, { ...common, arnOf, meter: stores.metering.meter, billing: stores.metering.billing })
    registerSluiceRoutes(app, {
      ...common,
      ...{ metadata, arnOf },
      logs: stores.logs.store,
      logSearcher: stores.logs.searcher,
      defaultLogBounds: stores.logs.defaultBounds,
      info: () => ({
        ...account,
        version: deps.version,
        endpoints: { platform: deps.platformUrl(), objects: deps.objectsUrl },
        sandbox: { kind: sandboxes.kind, notice: compute.sandboxNotice },
        runtimes: runtimes.list(),
      }),
      async runtimes() {
        await runtimes.refresh()
        events.prepareStems()
        return runtimes.list()
      },
    })
  }
  const api = await createApi(
    {
      ...account,
      publicUrl: deps.platformUrl,
      httpTriggerUrl: (name, hostId) => `http://${hostLabel(name)}-${hostId}.${config.publicHost}:${port()}`,
      packageUrlKey: identity.tokenKey,
      accountInstanceLimit: config.accountInstances,
    },
    {
      ...{ metadata, packages, objects, tokens, images, authenticator, authorizer, clock, random, runtimes, instances },
      tasks: asyncInvocations.tasks,
      triggerRules: triggers.rules,
      createJwtVerifier: jwtVerifier,
      onDefect,
      onAnswered: (operation, status, durationMs) => metrics.observeManagementRequest(operation, status, durationMs),
      extraRoutes: addOwnRoutes,
    },
  )

  const objectFeatures = await openFeatures(
    { accountId: account.accountId, directory: join(config.dataDir, 'objects'), endpoint: deps.objectsUrl },
    { store: objects, clock, random, onProblem: (error) => log.error({ err: error }, 'a bucket could not be kept') },
  )
  const objectsWire = openObjectsWire(
    { endpoints: [config.publicHost, sandboxes.platformHost] },
    {
      ...account,
      ...{ store: objects, clock, random, keys, vouching, authorizer, onDefect },
      runningDepth: (functionKey) => asyncInvocations.runningDepth(functionKey),
    },
    [...objectFeatures.all, stsFeature(createSecurityTokenService(account, { clock, keys, tokens }))],
  )

  const checkObjects = createReadyCheck(clock, () => objects.check())
  const platformEndpoints = {
    exposeMetrics: () => metrics.expose(),
    async checkReady() {
      const feedError = events.feedError()
      if (feedError) throw feedError
      await asyncInvocations.check()
      await metadata.check()
      await checkObjects()
    },
  }
  const gateway = createGateway(
    { ...account, publicHost: config.publicHost, attachment: config.attachment === 'on' },
    {
      ...{ clock, random, routing, authenticator, authorizer, invocations, asyncInvocations, onDefect },
      createJwtVerifier: jwtVerifier,
      management(request, response) {
        if (answerPlatformEndpoint(request, response, platformEndpoints)) return
        if (!consoleSite.handle(request, response)) api.handle(request, response)
      },
    },
  )
  const upgrade = createUpgradeGate(
    { publicHost: config.publicHost },
    {
      ...{ clock, routing, gateway },
      management(request, socket, head) {
        if (!consoleSite.upgrade(request, socket, head)) api.upgrade(request, socket, head)
      },
    },
  )
  const consoleSite = createConsole(
    { ...identity, region, port, publicUrl: deps.platformUrl, pages: CONSOLE_PAGES },
    {
      ...{ clock, random, vouching, onDefect },
      ...{ platform: gateway, platformUpgrade: upgrade, objects: objectsWire.request },
      onSignIn: (address, isAdmitted) =>
        isAdmitted
          ? log.info({ address }, 'signed in to the console')
          : log.warn({ address }, 'a sign-in to the console was refused'),
    },
  )

  return {
    ...{ gateway, upgrade, objectsWire },
    issueConsoleLink: () => consoleSite.issueTicket().url,
    /** Ends streams (followed logs), which would otherwise hold a listener open. */
    endStreams() {
      consoleSite.close()
      return api.close()
    },
    /** After the listeners have closed. */
    close: () => objectFeatures.close(),
  }
}

/** The first label of a trigger's host name: names may hold characters that host names may not. */
function hostLabel(functionName: string): string {
  return (
    functionName
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 48) || 'function'
  )
}
