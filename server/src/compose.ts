/** The one place that names implementations: every part, in order, with what it depends on. */
import { mkdir, rm } from 'node:fs/promises'
import { totalmem, availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import { registerSluiceRoutes } from './api/sluice/routes.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { createAuthorizer } from './auth/authorizer.ts'
import { loadOrCreateIdentity } from './auth/identity.ts'
import { createJwtVerifier } from './auth/jwt-verifier.ts'
import type { JwtVerifierFactory } from './auth/port.ts'
import { createTokenIssuer } from './auth/security-token.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import type { Config } from './config.ts'
import { FcError } from './errors.ts'
import { lockFolder } from './folder-lock.ts'
import { createGateway } from './gateway/gateway.ts'
import { listen } from './gateway/listener.ts'
import { PAYLOAD_BYTES_MAX } from './gateway/limits.ts'
import { answerPlatformEndpoint } from './gateway/platform-endpoints.ts'
import { Routing } from './gateway/routing.ts'
import { createUpgradeGate } from './gateway/upgrade.ts'
import { collectGarbage, createIdleTrim } from './idle-trim.ts'
import { createInstances } from './instances/host.ts'
import { createLaunchPlanner } from './instances/launch.ts'
import { findRuntimes } from './instances/runtimes.ts'
import { createInvocations } from './invocations/sync.ts'
import { createLogStore } from './logs/store.ts'
import { createMetadataStore } from './metadata/sql-store.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createPackageStore } from './packages/store.ts'
import { createProcessSandboxRuntime } from './sandbox/process.ts'
import { FeedScalingRules } from './scaling/rules.ts'

const MB = 1024 * 1024
/** Unpacked code packages kept on disk. */
const PACKAGE_CACHE_BYTES_MAX = 4096 * MB
/** Between two rounds of forgetting packages that nothing refers to. */
const PACKAGE_SWEEP_MS = 60 * 60 * 1000
/** What runs when the platform is told to stop may go on this long. */
const STOP_GRACE_MS = 10_000
/** Starts at the same time, per core: a start is mostly the CPU work of an interpreter. */
const STARTS_PER_CORE = 2
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
  close(): Promise<void>
}

/** Brings the platform up; resolves when it serves. Rejects with a reason for the operator; the process is to end then. */
export async function startPlatform(config: Config, version: string, log: Logger): Promise<Platform> {
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

  const metadata = await createMetadataStore(
    config.metadataUrl === ''
      ? { kind: 'sqlite', file: folder('metadata.db') }
      : { kind: 'postgres', url: config.metadataUrl },
    { clock },
  )
  const logs = await createLogStore(
    {
      directory: folder('logs'),
      retentionDays: config.logDays,
      functionBytesMax: config.logFunctionMB * MB,
      totalBytesMax: config.logMB * MB,
    },
    { clock, notify: (message) => log.warn(message) },
  )
  const packages = await createPackageStore(
    { directory: folder('packages'), cacheBytesMax: PACKAGE_CACHE_BYTES_MAX },
    { clock },
  )
  const metrics = createMetrics()

  const authenticator = createAuthenticator(identity, { clock })
  const authorizer = createAuthorizer(account)
  const tokens = createTokenIssuer(identity, { random })

  // What is left of a platform that was killed holds nothing: instances are made anew.
  const sockets = folder('run')
  await rm(sockets, { recursive: true, force: true })
  await mkdir(sockets, { recursive: true, mode: 0o711 })
  const sandboxes = createProcessSandboxRuntime({ directory: folder('instances') }, { clock })
  const leftovers = await sandboxes.recover()
  if (leftovers > 0) log.warn({ leftovers }, 'ended sandboxes that an earlier platform left behind')
  const runtimes = await findRuntimes(process.env['PATH'] ?? '')

  let { port } = config
  const platformUrl = () => `http://${config.publicHost}:${port}`
  const instances = createInstances(
    {
      socketDirectory: sockets,
      queueLengthMax: config.queueLength,
      queueMsMax: config.queueSeconds * 1000,
      keepAliveMs: config.keepAliveSeconds * 1000,
      instancesMax: config.accountInstances,
      memoryMBMax: config.hostMemoryMB || Math.floor((totalmem() / MB) * HOST_MEMORY_SHARE),
      startsMax: availableParallelism() * STARTS_PER_CORE,
    },
    {
      clock,
      random,
      appendLine: (line) => logs.appendLine(line),
      plan: createLaunchPlanner(
        { ...account, responseBytesMax: PAYLOAD_BYTES_MAX, endpoints: () => ({ SLUICE_ENDPOINT: platformUrl() }) },
        { clock, packages, sandboxes, runtimes, tokens },
      ),
      onPlatformFailure: (error) => log.error({ err: error }, 'an instance failed for a reason of the platform'),
    },
  )
  metrics.setSources({
    instances: () => countInstances(instances.list()),
    runningInvocations: () => instances.list().reduce((sum, { inFlight }) => sum + inFlight, 0),
    waitingRequests: () => instances.waiting().reduce((sum, { requests }) => sum + requests, 0),
    logs: () => logs.stats(),
  })

  const invocations = createInvocations({
    clock,
    instances,
    appendLine: (line) => logs.appendLine(line),
    onRecord(record) {
      logs.appendRecord(record)
      metrics.observe(record)
    },
  })

  const routing = new Routing(
    (retired) => instances.retire(retired),
    (functionKey, reason) => invocations.abort(functionKey, disabledWhileRunning(functionKey, reason)),
  )
  const scalingRules = new FeedScalingRules(routing, () => {})
  let feedError: Error | null = null
  const feed = await metadata.watch(
    (changes) => {
      feedError = null
      routing.apply(changes)
      scalingRules.apply(changes)
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
    endpoints: { platform: platformUrl() },
    sandbox: { kind: sandboxes.kind, notice: sandboxes.notice },
    runtimes: runtimes.all.map((name) => {
      const answer = runtimes.available(name)
      return answer.ok ? { name, available: true } : { name, available: false, reason: answer.reason }
    }),
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
      authenticator,
      authorizer,
      clock,
      random,
      runtimes,
      // What the instances do not tell yet.
      instances: {
        list: () => instances.list().map((instance) => ({ ...instance, qualifier: '', isProvisioned: false })),
        provisionStatus: () => undefined,
        exec: async () => {
          throw new FcError('NotImplemented', 'ExecInstance is not offered by this version of Sluice')
        },
      },
      createJwtVerifier: jwtVerifier,
      onDefect,
      onAnswered: (operation, status, durationMs) => metrics.observeManagementRequest(operation, status, durationMs),
      extraRoutes: (app) =>
        registerSluiceRoutes(app, {
          logs,
          metadata,
          authorizer,
          clock,
          arnOf: (resource) => `acs:fc:${region}:${accountId}:${resource}`,
          info,
        }),
    },
  )

  const platformEndpoints = {
    exposeMetrics: () => metrics.expose(),
    async checkReady() {
      if (feedError) throw feedError
      await metadata.check()
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
      management(request, response) {
        if (!answerPlatformEndpoint(request, response, platformEndpoints)) api.handle(request, response)
      },
      onDefect,
    },
  )
  const idleTrim = createIdleTrim(clock, collectGarbage)
  idleTrim.touch()
  const upgrade = createUpgradeGate(
    { publicHost: config.publicHost },
    { clock, routing, management: (request, socket, head) => api.upgrade(request, socket, head) },
  )
  const listener = await listen(config.host, config.port, clock, {
    request(request, response) {
      idleTrim.touch()
      gateway(request, response)
    },
    upgrade,
  })
  port = listener.port

  const sweep = setInterval(() => {
    const running = instances.runningCode()
    packages
      .sweep(routing.codeInUse().union(running), running)
      .catch((error: unknown) => log.error({ err: error }, 'unused packages could not be removed'))
  }, PACKAGE_SWEEP_MS)
  sweep.unref()

  return {
    port,
    accountId,
    isFirstStart,
    sandboxNotice: sandboxes.notice,
    runtimes: runtimes.interpreters().map(({ language, version: installed }) => ({ language, version: installed })),
    async close() {
      clearInterval(sweep)
      // The API ends its streams (followed logs), which would otherwise hold the listener open.
      await Promise.all([listener.close(STOP_GRACE_MS), instances.close(STOP_GRACE_MS), api.close()])
      await feed.stop()
      await sandboxes.close()
      await logs.close()
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
