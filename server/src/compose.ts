/** The one place that names implementations: every part, in order, with what it depends on. */
import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism, hostname, release as kernelRelease, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openAlerts } from './alerts/open.ts'
import { createApi } from './api/app.ts'
import { registerAlertRoutes } from './api/sluice/alerts.ts'
import { registerConsoleRoutes } from './api/sluice/console.ts'
import { registerMetricRoutes } from './api/sluice/metrics.ts'
import { registerMeterRoutes } from './api/sluice/meter.ts'
import { registerSluiceRoutes } from './api/sluice/routes.ts'
import { registerTraceRoutes } from './api/sluice/traces.ts'
import { registerStateRoutes } from './api/sluice/state.ts'
import { registerTestEventRoutes } from './api/sluice/test-events.ts'
import { registerTriggerRoutes } from './api/sluice/triggers.ts'
import { createSecurityTokenService } from './auth/assume-role.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { createAuthorizer } from './auth/authorizer.ts'
import { loadOrCreateIdentity } from './auth/identity.ts'
import { createJwtVerifier } from './auth/jwt-verifier.ts'
import { createKeyRing } from './auth/key-ring.ts'
import type { JwtVerifierFactory } from './auth/port.ts'
import { createTokenIssuer } from './auth/security-token.ts'
import { createVouching } from './auth/vouching.ts'
import { cachedBlobs } from './blobs/cached.ts'
import { blobsOf } from './blobs/open.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import { describeConfig, objectsPort, type LoadedConfig } from './config.ts'
import { createConsole } from './console/console.ts'
import { CONTAINER_RUNTIME } from './container-config.ts'
import { lockFolder } from './folder-lock.ts'
import { FcError } from './errors.ts'
import { createGateway } from './gateway/gateway.ts'
import { listen, type Handlers } from './gateway/listener.ts'
import { PAYLOAD_BYTES_MAX } from './gateway/limits.ts'
import { answerPlatformEndpoint } from './gateway/platform-endpoints.ts'
import { createReadyCheck } from './gateway/ready-check.ts'
import { Routing } from './gateway/routing.ts'
import { createUpgradeGate } from './gateway/upgrade.ts'
import { collectGarbage, createIdleTrim } from './idle-trim.ts'
import { DEBUGGING_MS_MAX, findDebugger } from './instances/debugger.ts'
import { kernelProblem, withContainers } from './instances/container/available.ts'
import { createContainerPlanner } from './instances/container/plan.ts'
import { createInstances } from './instances/host.ts'
import { Ports } from './instances/http/ports.ts'
import { createLaunchPlanner, stemKind } from './instances/launch.ts'
import { createRuntimeApi } from './instances/runtime-api/server.ts'
import type { Runtimes } from './instances/runtimes.ts'
import { createStemStock } from './instances/stem-stock.ts'
import { post } from './invocations/async/http-post.ts'
import { openAsyncInvocations } from './invocations/async/open.ts'
import { createInvocations } from './invocations/sync.ts'
import type { InvocationRecord, LogLine } from './logs/port.ts'
import { openLogs } from './logs/open.ts'
import { createMetadataStore } from './metadata/sql-store.ts'
import { openMetering } from './meter/open.ts'
import { createMetrics } from './metrics/metrics.ts'
import { openMetricHistory } from './metrics/open.ts'
import { readingsOf } from './metrics/readings.ts'
import { splitFunctionKey } from './model.ts'
import { openObjectStore } from './objects/open.ts'
import { openFeatures } from './objects/wire/features/open.ts'
import { stsFeature } from './objects/wire/features/sts.ts'
import { OBJECTS_PATIENCE, openObjectsWire } from './objects/wire/open.ts'
import { missingImagePrograms } from './packages/images/programs.ts'
import { createImageStore } from './packages/images/store.ts'
import { createPackageStore } from './packages/store.ts'
import { createSqliteQueue } from './queue/sqlite.ts'
import { openSandboxes } from './sandbox/open.ts'
import { FeedScalingRules } from './scaling/rules.ts'
import { openTriggers, watchObjects } from './triggers/open.ts'

const MB = 1024 * 1024
/** Unpacked code packages kept on disk. */
const PACKAGE_CACHE_BYTES_MAX = 4096 * MB
/** Unpacked images kept on disk, beside those that run. */
const IMAGE_CACHE_BYTES_MAX = 16_384 * MB
/** Between two rounds of forgetting packages that nothing refers to. */
const PACKAGE_SWEEP_MS = 60 * 60 * 1000
/** Starts at the same time, per core: a start is mostly the CPU work of an interpreter. */
const STARTS_PER_CORE = 2
/** From a change of what is deployed to a look at which sandboxes are to be prepared for it. */
const PREPARE_PAUSE_MS = 100
/** The public listener's, and those of the services that follow it. */
const PLATFORM_PORTS = 7
/** From the public listener's port to that of the runtime API, where sandboxes have a network of their own. */
const RUNTIME_API_PORT_OFFSET = 6
/** What is left to be exported when the platform ends may take this long. */
const EXPORT_GRACE_MS = 2000
/** Built by the setup. */
const CONSOLE_PAGES = join(import.meta.dirname, '..', '..', 'console', 'dist')
/** Share of the machine's memory that instances may use when nothing else is set. */
const HOST_MEMORY_SHARE = 0.8

export interface Platform {
  port: number
  accountId: string
  /** No function was deployed here before. */
  isFirstStart: boolean
  /** What a user should know about the sandbox; null when all is well. */
  sandboxNotice: string | null
  runtimes: { language: string; version: string }[]
  /** Address that signs in to the console, once: a secret. */
  issueConsoleLink(): string
  /** What runs may go on for `graceMs`. */
  close(graceMs: number): Promise<void>
}

/**
 * Brings the platform up; resolves when it serves. Rejects with a reason for the operator; the process is to end then.
 * `finding`: the interpreters of this host, which may still be looked for.
 */
export async function startPlatform(
  loaded: LoadedConfig,
  version: string,
  log: Logger,
  finding: Promise<Runtimes>,
): Promise<Platform> {
  const { config } = loaded
  const folder = (name: string) => join(config.dataDir, name)
  const given = (setting: string) => (setting === '' ? undefined : setting)
  const identity = await loadOrCreateIdentity(
    config.dataDir,
    {
      accountId: given(config.accountId),
      accessKeyId: given(config.accessKeyId),
      accessKeySecret: given(config.accessKeySecret),
    },
    random,
  )
  const lock = lockFolder(config.dataDir)
  const { accountId } = identity
  const { region } = config
  const account = { accountId, region }

  const openBlobs = blobsOf(
    {
      url: config.blobsUrl,
      accessKeyId: config.blobsAccessKeyId,
      accessKeySecret: config.blobsAccessKeySecret,
      directory: folder('blobs'),
      accountId,
    },
    { clock, notify: (message) => log.warn(message) },
  )
  const [packageBlobs, objectBlobs] = await Promise.all([openBlobs('packages'), openBlobs('objects').then(cachedBlobs)])

  const sockets = folder('run')
  const openSockets = async () => {
    // What is left of a platform that was killed holds nothing: instances are made anew.
    await rm(sockets, { recursive: true, force: true })
    await mkdir(sockets, { recursive: true, mode: 0o711 })
  }
  const openSandbox = async () => {
    const runtimes = await finding
    const sandbox = await openSandboxes(
      {
        kind: config.sandbox,
        ociRuntime: config.ociRuntime,
        path: process.env['PATH'] ?? '',
        python: runtimes.interpreters().find(({ language }) => language === 'python')?.program,
        directory: folder('instances'),
        platformPorts: [...Array.from({ length: PLATFORM_PORTS }, (_, i) => config.port + i), objectsPort(config)],
      },
      { clock, random, notify: (message) => log.error(message) },
    )
    return { runtimes, sandbox }
  }
  const watched = watchObjects()
  // Side by side: each waits for a thread, a disk or another program.
  const [{ runtimes: languages, sandbox }, metadata, logging, packages, images, queue, objects] = await Promise.all([
    openSandbox(),
    createMetadataStore(
      config.metadataUrl === ''
        ? { kind: 'sqlite', file: folder('metadata.db') }
        : { kind: 'postgres', url: config.metadataUrl },
      { clock },
    ),
    openLogs(
      {
        directory: folder('logs'),
        bounds: { retentionDays: config.logDays, maxMB: config.logFunctionMB },
        totalMB: config.logMB,
      },
      { clock, notify: (message) => log.warn(message) },
    ),
    createPackageStore(
      { directory: folder('packages'), cacheBytesMax: PACKAGE_CACHE_BYTES_MAX },
      { clock, blobs: packageBlobs },
    ),
    createImageStore(
      {
        directory: folder('image-store'),
        imagesFolder: config.imagesDir || folder('images'),
        cacheBytesMax: IMAGE_CACHE_BYTES_MAX,
        environment: process.env,
      },
      { clock },
    ),
    createSqliteQueue({ directory: config.dataDir }, { clock, notify: (message) => log.error(message) }),
    openObjectStore(
      { directory: folder('objects') },
      { clock, random, blobs: objectBlobs, filter: watched.filter, notify: (message) => log.error(message) },
    ),
    openSockets(),
  ])
  const logs = logging.store
  const metrics = createMetrics()
  const history = openMetricHistory(
    { directory: config.dataDir },
    { clock, random, notify: (message) => log.error(message) },
  )
  const { meter, billing, ...metering } = await openMetering(
    { ...account, directory: folder('meter'), metadataUrl: config.metadataUrl, priceBook: config.priceBook },
    { clock, random, metadata, notify: (message) => log.warn(message) },
  )

  const keys = createKeyRing(identity)
  const vouching = createVouching()
  const authenticator = createAuthenticator(keys, { clock, vouching })
  const authorizer = createAuthorizer(account)
  const tokens = createTokenIssuer(identity, { random })

  const { runtime: sandboxes, notice: sandboxNotice, leftovers } = sandbox
  const runtimes = withContainers(
    languages,
    sandboxes.createFromImage === undefined
      ? `it needs the oci sandbox, and this platform runs the ${sandboxes.kind} sandbox; \`sluice doctor\` tells what is missing`
      : (kernelProblem(kernelRelease()) ?? missingImagePrograms(process.env['PATH'] ?? '')),
  )
  if (leftovers > 0) log.warn({ leftovers }, 'ended sandboxes that an earlier platform left behind')

  const hostMemoryMB = config.hostMemoryMB || Math.floor((totalmem() / MB) * HOST_MEMORY_SHARE)
  // A debugger has one address, so there is one instance, and none that waits for its function.
  const functionDebugger = config.debugPort === 0 ? null : await findDebugger(config.debugPort, runtimes.interpreters())
  const isDebugging = functionDebugger !== null
  const stems = createStemStock(
    { stems: isDebugging ? 0 : config.stems, hostMemoryMB },
    {
      ...(isDebugging && { runtimeStartMsMax: DEBUGGING_MS_MAX }),
      clock,
      random,
      sandboxes,
      socketDirectory: sockets,
      onRefill({ key }, problem) {
        if (problem) log.error({ err: problem }, `no sandboxes can be prepared for ${key}; trying again`)
        else log.info(`sandboxes are prepared again for ${key}`)
      },
    },
  )

  // Loaded where there is a collector.
  const otlp =
    config.otlpUrl === ''
      ? null
      : (await import('./otlp/open.ts')).openOtlp(
          {
            ...account,
            version,
            url: config.otlpUrl,
            headers: config.otlpHeaders,
            tracesPerMinute: config.otlpTracesPerMinute,
          },
          { clock, random, families: () => metrics.families(), notify: (message) => log.warn(message) },
        )
  const onRecord = (record: InvocationRecord) => {
    logs.appendRecord(record)
    metrics.observe(record)
    history.observe(record)
    otlp?.appendRecord(record)
  }
  const appendLine = (line: LogLine, traceparent: string | null = null) => {
    logs.appendLine(line)
    otlp?.appendLine(line, traceparent)
  }
  let { port } = config
  const platformUrl = () => `http://${config.publicHost}:${port}`
  const objectsUrl = `http://${config.publicHost}:${objectsPort(config)}`
  const endpoints = () => ({
    SLUICE_ENDPOINT: `http://${sandboxes.platformHost}:${port}`,
    SLUICE_OBJECTS_ENDPOINT: `http://${sandboxes.platformHost}:${objectsPort(config)}`,
  })
  const { platformAddress } = sandboxes
  const runtimeApi = createRuntimeApi(
    platformAddress === null
      ? { host: '127.0.0.1', port: 0 }
      : { host: platformAddress, port: config.port + RUNTIME_API_PORT_OFFSET },
    { random },
  )
  const launching = { ...account, responseBytesMax: PAYLOAD_BYTES_MAX, endpoints, debugger: functionDebugger }
  const linking = { clock, ports: new Ports(), runtimeApi }
  const planLanguage = createLaunchPlanner(launching, { ...linking, packages, stems, runtimes, tokens })
  const planContainer = createContainerPlanner(launching, { ...linking, random, images, sandboxes, tokens })
  const instances = createInstances(
    {
      queueLengthMax: config.queueLength,
      queueMsMax: config.queueSeconds * 1000,
      keepAliveMs: config.keepAliveSeconds * 1000,
      instancesMax: isDebugging ? 1 : config.accountInstances,
      ...(isDebugging && { loadMsMax: DEBUGGING_MS_MAX }),
      memoryMBMax: hostMemoryMB - stems.memoryMBMax,
      startsMax: availableParallelism() * STARTS_PER_CORE,
    },
    {
      clock,
      random,
      appendLine,
      meter,
      onRecord,
      plan(version, qualifier) {
        const isContainer = version.function.config.runtime === CONTAINER_RUNTIME
        return (isContainer ? planContainer : planLanguage)(version, qualifier)
      },
      onPlatformFailure: (error) => log.error({ err: error }, 'an instance failed for a reason of the platform'),
    },
  )
  const hostLimits = {
    memoryMB: hostMemoryMB - stems.memoryMBMax,
    instancesMax: isDebugging ? 1 : config.accountInstances,
  }
  metrics.setSources({
    host: () => ({
      ...hostLimits,
      usedMB: instances.usage('all').reduce((sum, { memoryMB }) => sum + memoryMB, 0),
    }),
    history: () => history.stats(),
    monthCost: () => metering.monthCost(),
    instances: () => countInstances(instances.list()),
    stems: () => stems.list(),
    runningInvocations: () => instances.list().reduce((sum, { inFlight }) => sum + inFlight, 0),
    waitingRequests: () => instances.waiting().reduce((sum, { requests }) => sum + requests, 0),
    logs: () => logs.stats(),
    ...(otlp !== null && { otlp: () => otlp.counts() }),
  })

  const invocations = createInvocations({
    ...(isDebugging && { timeoutMs: DEBUGGING_MS_MAX }),
    clock,
    instances,
    appendLine,
    meter,
    onRecord,
    tracer: otlp?.tracer ?? null,
  })

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
    clock,
    random,
    queue,
    invocations,
    resolve: resolveVersion,
    instancesMax: config.accountInstances,
    memoryMBMax: hostMemoryMB,
    appendLine,
    onEvent(functionKey, event, latencyMs) {
      metrics.observeAsync(functionKey, event, latencyMs)
      history.observeAsync(functionKey, event, latencyMs)
    },
    post,
    objects,
    onDefect: (error, id) => log.error({ err: error, id }, 'a message of the queue failed for a reason of our own'),
  })
  const triggers = await openTriggers(account, {
    clock,
    queue,
    objects,
    watched,
    invocations: asyncInvocations,
    appendLine,
    warn: (message) => log.warn(message),
  })
  history.addGauges(() =>
    readingsOf({
      instances: instances.list(),
      asyncBacklog: asyncInvocations.backlog(),
      waitingRequests: instances.waiting().reduce((sum, { requests }) => sum + requests, 0),
      instancesMax: config.accountInstances,
      quotaOf: (functionKey) => scalingRules.reservations().get(functionKey) ?? config.accountInstances,
      monthCost: metering.monthCost(),
    }),
  )
  history.addInstances(() => instances.usage('those with metrics of their own'))
  metrics.setSources({
    asyncBacklog: () => asyncInvocations.backlog(),
    triggers: () => triggers.counts.list(),
  })
  const alerts = await openAlerts(
    {
      directory: config.dataDir,
      smtp: { url: config.smtpUrl, from: config.smtpFrom },
      sender: {
        platform: `${hostname()}:${config.port}`,
        pageOf: (rule) => `${platformUrl()}/console/alerts?rule=${encodeURIComponent(rule)}`,
      },
    },
    {
      ...{ clock, history, post, invocations: asyncInvocations },
      notify: (message) => log.error(message),
      onDefect: (error) => log.error({ err: error }, 'rules of alerts were not evaluated for a reason of our own'),
    },
  )
  metrics.setSources({ alertNotices: () => alerts.counts() })
  let feedError: Error | null = null
  const feed = await metadata.watch(
    (changes) => {
      feedError = null
      routing.apply(changes)
      scalingRules.apply(changes)
      asyncInvocations.apply(changes)
      triggers.feed.apply(changes)
      logging.apply(changes)
      alerts.apply(changes)
      prepareStems()
    },
    (error) => {
      feedError = error
      log.error({ err: error }, 'the metadata feed is broken; retrying')
    },
  )
  const isFirstStart = routing.functionCount === 0

  const jwtVerifier: JwtVerifierFactory = (authConfig) => createJwtVerifier(authConfig, { clock })
  const onDefect = (error: unknown, requestId: string) =>
    log.error({ err: error, requestId }, 'a request failed for a reason of our own')
  const info = () => ({
    version,
    region,
    accountId,
    endpoints: { platform: platformUrl(), objects: objectsUrl },
    sandbox: { kind: sandboxes.kind, notice: sandboxNotice },
    runtimes: runtimes.list(),
  })
  const api = await createApi(
    {
      ...account,
      publicUrl: platformUrl,
      httpTriggerUrl: (name, hostId) => `http://${hostLabel(name)}-${hostId}.${config.publicHost}:${port}`,
      packageUrlKey: identity.tokenKey,
      accountInstanceLimit: config.accountInstances,
    },
    {
      metadata,
      packages,
      objects,
      tokens,
      images,
      authenticator,
      authorizer,
      clock,
      random,
      runtimes,
      instances,
      tasks: asyncInvocations.tasks,
      triggerRules: triggers.rules,
      createJwtVerifier: jwtVerifier,
      onDefect,
      onAnswered: (operation, status, durationMs) => metrics.observeManagementRequest(operation, status, durationMs),
      extraRoutes(app) {
        registerStateRoutes(app, {
          ...account,
          authorizer,
          settings: describeConfig(loaded),
          backlog: () => asyncInvocations.backlog(),
        })
        registerConsoleRoutes(app, { vouching, issueTicket: () => consoleSite.issueTicket() })
        registerTestEventRoutes(app, { ...account, authorizer, metadata })
        registerTriggerRoutes(app, {
          ...account,
          authorizer,
          bus: triggers.bus,
          listTriggers: (functionKey) => triggers.feed.list(functionKey),
        })
        registerAlertRoutes(app, {
          ...account,
          ...{ alerts, history, metadata, clock, authorizer },
          hasSmtp: config.smtpUrl !== '',
          resolve: resolveVersion,
        })
        registerMetricRoutes(app, {
          ...account,
          ...{ authorizer, clock, history },
          host: { ...hostLimits, cpus: availableParallelism(), sandbox: sandboxes.kind },
          instances: () => instances.usage('all'),
          stems: () => stems.list(),
        })
        registerTraceRoutes(app, { ...account, authorizer, logs })
        registerMeterRoutes(app, {
          ...{ meter, billing, authorizer, clock },
          arnOf: (resource) => `acs:fc:${region}:${accountId}:${resource}`,
        })
        registerSluiceRoutes(app, {
          logs,
          logSearcher: logging.searcher,
          defaultLogBounds: logging.defaultBounds,
          metadata,
          authorizer,
          clock,
          arnOf: (resource) => `acs:fc:${region}:${accountId}:${resource}`,
          info,
          async runtimes() {
            await runtimes.refresh()
            prepareStems()
            return runtimes.list()
          },
        })
      },
    },
  )

  const objectFeatures = await openFeatures(
    {
      ...{ accountId: account.accountId, directory: folder('objects') },
      endpoint: objectsUrl,
    },
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
      if (feedError) throw feedError
      await asyncInvocations.check()
      await metadata.check()
      await checkObjects()
    },
  }
  const gateway = createGateway(
    { ...account, publicHost: config.publicHost, attachment: config.attachment === 'on' },
    {
      clock,
      random,
      routing,
      authenticator,
      authorizer,
      createJwtVerifier: jwtVerifier,
      invocations,
      asyncInvocations,
      management(request, response) {
        if (answerPlatformEndpoint(request, response, platformEndpoints)) return
        if (!consoleSite.handle(request, response)) api.handle(request, response)
      },
      onDefect,
    },
  )
  const idleTrim = createIdleTrim(clock, collectGarbage)
  idleTrim.touch()
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
    { ...identity, region, port: () => port, publicUrl: platformUrl, pages: CONSOLE_PAGES },
    {
      ...{ clock, random, vouching, onDefect },
      ...{ platform: gateway, platformUpgrade: upgrade, objects: objectsWire.request },
      onSignIn: (address, isAdmitted) =>
        isAdmitted
          ? log.info({ address }, 'signed in to the console')
          : log.warn({ address }, 'a sign-in to the console was refused'),
    },
  )
  const handlers: Handlers = {
    request(request, response) {
      idleTrim.touch()
      gateway(request, response)
    },
    upgrade,
  }
  const listener = await listen(config.host, config.port, clock, handlers)
  port = listener.port
  asyncInvocations.start()
  alerts.start()
  // Functions with a network of their own reach the platform there; an address for all is theirs too.
  const ownAddress = isAnyAddress(config.host) ? null : platformAddress
  const functionListener = ownAddress === null ? null : await listen(ownAddress, port, clock, handlers)
  const objectsListeners = await Promise.all(
    [config.host, ...(ownAddress === null ? [] : [ownAddress])].map((host) =>
      listen(host, objectsPort(config), clock, objectsWire, OBJECTS_PATIENCE),
    ),
  )

  const sweep = setInterval(() => {
    const running = instances.runningCode()
    const used = routing.codeInUse().union(running)
    Promise.all([packages.sweep(used, running), images.sweep(used, running)]).catch((error: unknown) =>
      log.error({ err: error }, 'unused packages or images could not be removed'),
    )
  }, PACKAGE_SWEEP_MS)
  sweep.unref()

  return {
    port,
    accountId,
    isFirstStart,
    sandboxNotice,
    issueConsoleLink: () => consoleSite.issueTicket().url,
    runtimes: runtimes.interpreters().map(({ language, version: installed }) => ({ language, version: installed })),
    async close(graceMs) {
      clearInterval(sweep)
      consoleSite.close()
      // The API ends its streams (followed logs), which would otherwise hold the listener open.
      await Promise.all([
        listener.close(graceMs),
        functionListener?.close(graceMs),
        asyncInvocations.close(graceMs),
        ...objectsListeners.map((each) => each.close(graceMs)),
        instances.close(graceMs),
        api.close(),
      ])
      await triggers.close()
      await alerts.close()
      await feed.stop()
      await stems.close()
      await runtimeApi.close()
      await sandboxes.close()
      await queue.close()
      await history.close()
      await otlp?.close(EXPORT_GRACE_MS)
      await logging.close()
      await metering.close()
      await objectFeatures.close()
      await objects.close()
      await Promise.all([packageBlobs.close(), objectBlobs.close()])
      await metadata.close()
      await rm(sockets, { recursive: true, force: true })
      lock.release()
    },
  }
}

function disabledWhileRunning(functionKey: string, reason: string): FcError {
  return new FcError(
    'FunctionInvocationDisabled',
    `invocation of function '${functionKey}' was disabled while the request ran: ${reason || 'no reason given'}`,
  )
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
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

function countInstances(
  list: readonly { functionKey: string; state: string }[],
): { functionKey: string; state: string; count: number }[] {
  const counts = new Map<string, { functionKey: string; state: string; count: number }>()
  for (const { functionKey, state } of list) {
    const id = `${functionKey} ${state}`
    const entry = counts.get(id) ?? { functionKey, state, count: 0 }
    entry.count++
    counts.set(id, entry)
  }
  return [...counts.values()]
}
