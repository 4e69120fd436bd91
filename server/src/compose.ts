/**
 * The one place that names implementations, with its parts by what they are for: `compose-stores.ts` (what lies on disks),
 * `compose-compute.ts` (what runs functions), `compose-events.ts` (what follows documents and starts functions without a
 * caller), `compose-wires.ts` (what is spoken with).
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { loadOrCreateIdentity } from './auth/identity.ts'
import { createTokenIssuer } from './auth/security-token.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import { findSandboxes, openCompute } from './compose-compute.ts'
import { openEvents } from './compose-events.ts'
import { openStores } from './compose-stores.ts'
import { openWires } from './compose-wires.ts'
import { objectsPort, type LoadedConfig } from './config.ts'
import { lockFolder } from './folder-lock.ts'
import { listen, type Handlers } from './gateway/listener.ts'
import { collectGarbage, createIdleTrim } from './idle-trim.ts'
import type { Runtimes } from './instances/runtimes.ts'
import { OBJECTS_PATIENCE } from './objects/wire/open.ts'

/** Between two rounds of forgetting packages that nothing refers to. */
const PACKAGE_SWEEP_MS = 60 * 60 * 1000

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
  const tokens = createTokenIssuer(identity, { random })
  const sockets = join(config.dataDir, 'run')
  let { port } = config
  const platformUrl = () => `http://${config.publicHost}:${port}`
  const objectsUrl = `http://${config.publicHost}:${objectsPort(config)}`

  // Side by side: each waits for threads, a disk or another program.
  const [stores, found] = await Promise.all([
    openStores(config, account, log),
    findSandboxes(config, finding, log),
    emptyFolder(sockets),
  ])
  const compute = await openCompute(config, {
    ...{ account, version, log, stores, found, tokens, sockets },
    port: () => port,
  })
  const events = await openEvents(config, { account, log, stores, compute, platformUrl })
  const isFirstStart = events.routing.functionCount === 0
  const wires = await openWires(loaded, {
    ...{ identity, region, version, log, tokens, stores, compute, events, platformUrl, objectsUrl },
    port: () => port,
  })

  const idleTrim = createIdleTrim(clock, collectGarbage)
  idleTrim.touch()
  const handlers: Handlers = {
    request(request, response) {
      idleTrim.touch()
      wires.gateway(request, response)
    },
    upgrade: wires.upgrade,
  }
  const listener = await listen(config.host, config.port, clock, handlers)
  port = listener.port
  events.start()
  // Functions with a network of their own reach the platform there; an address for all is theirs too.
  const ownAddress = isAnyAddress(config.host) ? null : compute.sandboxes.platformAddress
  const functionListener = ownAddress === null ? null : await listen(ownAddress, port, clock, handlers)
  const objectsListeners = await Promise.all(
    [config.host, ...(ownAddress === null ? [] : [ownAddress])].map((host) =>
      listen(host, objectsPort(config), clock, wires.objectsWire, OBJECTS_PATIENCE),
    ),
  )

  const { packages, images } = stores
  const sweep = setInterval(() => {
    const running = compute.instances.runningCode()
    const used = events.routing.codeInUse().union(running)
    Promise.all([packages.sweep(used, running), images.sweep(used, running)]).catch((error: unknown) =>
      log.error({ err: error }, 'unused packages or images could not be removed'),
    )
  }, PACKAGE_SWEEP_MS)
  sweep.unref()

  return {
    port,
    accountId,
    isFirstStart,
    sandboxNotice: compute.sandboxNotice,
    issueConsoleLink: wires.issueConsoleLink,
    runtimes: compute.runtimes
      .interpreters()
      .map(({ language, version: installed }) => ({ language, version: installed })),
    async close(graceMs) {
      clearInterval(sweep)
      await Promise.all([
        listener.close(graceMs),
        functionListener?.close(graceMs),
        events.asyncInvocations.close(graceMs),
        ...objectsListeners.map((each) => each.close(graceMs)),
        compute.instances.close(graceMs),
        wires.endStreams(),
      ])
      await events.close()
      await compute.close()
      await wires.close()
      await stores.close()
      await rm(sockets, { recursive: true, force: true })
      lock.release()
    },
  }
}

/** What is left of a platform that was killed holds nothing: instances are made anew. */
async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o711 })
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
