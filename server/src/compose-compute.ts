/** What runs functions: sandboxes, stems, instances and invocations, and everything that hears what they did. */
import { availableParallelism, release as kernelRelease, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { TokenIssuer } from './auth/port.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import { objectsPort, type Config } from './config.ts'
import type { Stores } from './compose-stores.ts'
import { CONTAINER_RUNTIME } from './container-config.ts'
import { PAYLOAD_BYTES_MAX } from './gateway/limits.ts'
import { DEBUGGING_MS_MAX, findDebugger } from './instances/debugger.ts'
import { kernelProblem, withContainers } from './instances/container/available.ts'
import { createContainerPlanner } from './instances/container/plan.ts'
import { createInstances } from './instances/host.ts'
import { Ports } from './instances/http/ports.ts'
import { createLaunchPlanner } from './instances/launch.ts'
import { createRuntimeApi } from './instances/runtime-api/server.ts'
import type { Runtimes } from './instances/runtimes.ts'
import { createStemStock } from './instances/stem-stock.ts'
import { createInvocations } from './invocations/sync.ts'
import type { InvocationRecord, LogLine } from './logs/port.ts'
import { createMetrics } from './metrics/metrics.ts'
import { missingImagePrograms } from './packages/images/programs.ts'
import type { OpenedSandboxes } from './sandbox/open.ts'
import { openSandboxes } from './sandbox/open.ts'

const MB = 1024 * 1024
/** Starts at the same time, per core: a start is mostly the CPU work of an interpreter. */
const STARTS_PER_CORE = 2
/** The public listener's, and those of the services that follow it. */
const PLATFORM_PORTS = 7
/** From the public listener's port to that of the runtime API, where sandboxes have a network of their own. */
const RUNTIME_API_PORT_OFFSET = 6
/** Share of the machine's memory that instances may use when nothing else is set. */
const HOST_MEMORY_SHARE = 0.8
/** What is left to be exported when the platform ends may take this long. */
const EXPORT_GRACE_MS = 2000

export type Compute = Awaited<ReturnType<typeof openCompute>>

/** `finding`: the interpreters of this host, which may still be looked for. */
export async function findSandboxes(config: Config, finding: Promise<Runtimes>, log: Logger) {
  const runtimes = await finding
  const sandboxes = await openSandboxes(
    {
      kind: config.sandbox,
      ociRuntime: config.ociRuntime,
      path: process.env['PATH'] ?? '',
      python: runtimes.interpreters().find(({ language }) => language === 'python')?.program,
      directory: join(config.dataDir, 'instances'),
      platformPorts: [...Array.from({ length: PLATFORM_PORTS }, (_, i) => config.port + i), objectsPort(config)],
    },
    { clock, random, notify: (message) => log.error(message) },
  )
  return { runtimes, sandboxes }
}

export interface ComputeDeps {
  account: { accountId: string; region: string }
  version: string
  log: Logger
  stores: Stores
  found: { runtimes: Runtimes; sandboxes: OpenedSandboxes }
  tokens: TokenIssuer
  /** Where sockets of instances are. */
  sockets: string
  /** The public listener's, once it listens. */
  port: () => number
}

export async function openCompute(config: Config, deps: ComputeDeps) {
  const { account, log, stores, found, tokens, sockets } = deps
  const { runtime: sandboxes, notice: sandboxNotice, leftovers } = found.sandboxes
  if (leftovers > 0) log.warn({ leftovers }, 'ended sandboxes that an earlier platform left behind')
  const runtimes = withContainers(
    found.runtimes,
    sandboxes.createFromImage === undefined
      ? `it needs the oci sandbox, and this platform runs the ${sandboxes.kind} sandbox; \`sluice doctor\` tells what is missing`
      : (kernelProblem(kernelRelease()) ?? missingImagePrograms(process.env['PATH'] ?? '')),
  )

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
  const hostLimits = {
    memoryMB: hostMemoryMB - stems.memoryMBMax,
    instancesMax: isDebugging ? 1 : config.accountInstances,
  }

  const metrics = createMetrics()
  // Loaded where there is a collector.
  const otlp =
    config.otlpUrl === ''
      ? null
      : (await import('./otlp/open.ts')).openOtlp(
          {
            ...account,
            version: deps.version,
            url: config.otlpUrl,
            headers: config.otlpHeaders,
            tracesPerMinute: config.otlpTracesPerMinute,
          },
          { clock, random, families: () => metrics.families(), notify: (message) => log.warn(message) },
        )
  const { history } = stores
  const { meter } = stores.metering
  const logs = stores.logs.store
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

  const { platformAddress } = sandboxes
  const runtimeApi = createRuntimeApi(
    platformAddress === null
      ? { host: '127.0.0.1', port: 0 }
      : { host: platformAddress, port: config.port + RUNTIME_API_PORT_OFFSET },
    { random },
  )
  const endpoints = () => ({
    SLUICE_ENDPOINT: `http://${sandboxes.platformHost}:${deps.port()}`,
    SLUICE_OBJECTS_ENDPOINT: `http://${sandboxes.platformHost}:${objectsPort(config)}`,
  })
  const launching = { ...account, responseBytesMax: PAYLOAD_BYTES_MAX, endpoints, debugger: functionDebugger }
  const linking = { clock, ports: new Ports(), runtimeApi }
  const { packages, images } = stores
  const planLanguage = createLaunchPlanner(launching, { ...linking, packages, stems, runtimes, tokens })
  const planContainer = createContainerPlanner(launching, { ...linking, random, images, sandboxes, tokens })
  const instances = createInstances(
    {
      instancesMax: hostLimits.instancesMax,
      memoryMBMax: hostLimits.memoryMB,
      queueLengthMax: config.queueLength,
      queueMsMax: config.queueSeconds * 1000,
      keepAliveMs: config.keepAliveSeconds * 1000,
      ...(isDebugging && { loadMsMax: DEBUGGING_MS_MAX }),
      startsMax: availableParallelism() * STARTS_PER_CORE,
    },
    {
      ...{ clock, random, appendLine, meter, onRecord },
      plan(version, qualifier) {
        const isContainer = version.function.config.runtime === CONTAINER_RUNTIME
        return (isContainer ? planContainer : planLanguage)(version, qualifier)
      },
      onPlatformFailure: (error) => log.error({ err: error }, 'an instance failed for a reason of the platform'),
    },
  )
  const invocations = createInvocations({
    ...(isDebugging && { timeoutMs: DEBUGGING_MS_MAX }),
    ...{ clock, instances, appendLine, meter, onRecord },
    tracer: otlp?.tracer ?? null,
  })

  metrics.setSources({
    host: () => ({
      ...hostLimits,
      usedMB: instances.usage('all').reduce((sum, { memoryMB }) => sum + memoryMB, 0),
    }),
    history: () => history.stats(),
    monthCost: () => stores.metering.monthCost(),
    instances: () => countInstances(instances.list()),
    stems: () => stems.list(),
    runningInvocations: () => instances.list().reduce((sum, { inFlight }) => sum + inFlight, 0),
    waitingRequests: () => instances.waiting().reduce((sum, { requests }) => sum + requests, 0),
    logs: () => logs.stats(),
    ...(otlp !== null && { otlp: () => otlp.counts() }),
  })

  return {
    ...{ sandboxes, sandboxNotice, runtimes, stems, instances, invocations, metrics, appendLine, hostLimits },
    hostMemoryMB,
    /** After the instances have ended. */
    async close() {
      await stems.close()
      await runtimeApi.close()
      await sandboxes.close()
      await otlp?.close(EXPORT_GRACE_MS)
    },
  }
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
