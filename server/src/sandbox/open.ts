/** Opens the kind of sandbox that is asked for, or the best that this machine can have. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { createOciSandboxRuntime, type OciDeps } from './oci.ts'
import { findOciParts } from './oci-check.ts'
import type { SandboxRuntime } from './port.ts'
import { createProcessSandboxRuntime } from './process.ts'

const MB = 1024 * 1024
/** A small function's. */
const PROBE_LIMITS = { memoryBytes: 128 * MB, diskBytes: 512 * MB, processes: 64, openFiles: 1024, cpu: 1 }

export interface SandboxSettings {
  kind: 'auto' | 'oci' | 'process'
  /** Name or path of the OCI runtime; empty: crun or runc, whichever is there. */
  ociRuntime: string
  /** Where programs are looked for. */
  path: string
  /** The python3 of this host, if there is one. */
  python: string | undefined
  /** Belongs to sandboxes alone. */
  directory: string
  /** Ports of the platform that functions may reach. */
  platformPorts: readonly number[]
}

export interface OpenedSandboxes {
  runtime: SandboxRuntime
  /** What a user should know of it; null when all is well. */
  notice: string | null
  /** Sandboxes of an earlier, killed platform that were ended. */
  leftovers: number
}

/** Rejects when the kind that is asked for cannot be had, with the reason and what to do. */
export async function openSandboxes(settings: SandboxSettings, deps: OciDeps): Promise<OpenedSandboxes> {
  if (settings.kind === 'process') return openProcess(settings, deps, null)
  try {
    return await openOci(settings, deps)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (settings.kind === 'auto') return openProcess(settings, deps, reason)
    throw new Error(
      `the oci sandbox cannot be had here: ${reason}; \`sluice doctor\` tells what to install, ` +
        'and SLUICE_SANDBOX=process does without isolation',
      { cause: error },
    )
  }
}

async function openOci(settings: SandboxSettings, deps: OciDeps): Promise<OpenedSandboxes> {
  const { ociRuntime, path, python, directory, platformPorts } = settings
  const parts = findOciParts(path, ociRuntime, python)
  if ('missing' in parts) throw new Error(parts.missing)
  const runtime = await createOciSandboxRuntime(
    {
      ...parts,
      directory: join(directory, 'live'),
      stateDirectory: join(directory, 'state'),
      platformPorts,
    },
    deps,
  )
  try {
    const leftovers = await runtime.recover()
    await tryOut(runtime, join(directory, 'probe'))
    return { runtime, notice: runtime.notice, leftovers }
  } catch (error) {
    await runtime.close()
    throw error
  }
}

/** What a machine lacks for containers (loop devices, rights, control groups) shows when one is made. */
async function tryOut(runtime: SandboxRuntime, channel: string): Promise<void> {
  await writeFile(channel, '')
  const { exited } = await runtime.create({
    id: 'c-0',
    command: ['/bin/true'],
    environment: {},
    readOnlyPaths: [],
    channelSocket: channel,
    limits: PROBE_LIMITS,
    onOutput() {},
  })
  const { code, signal } = await exited
  if (code !== 0) throw new Error(`a container that should end at once ended with ${signal ?? `exit code ${code}`}`)
}

async function openProcess(
  { directory }: SandboxSettings,
  { clock }: { clock: Clock },
  reason: string | null,
): Promise<OpenedSandboxes> {
  const runtime = createProcessSandboxRuntime({ directory: join(directory, 'live') }, { clock })
  const because =
    reason === null ? '' : ` The oci sandbox isolates, but cannot be had here: ${reason}; \`sluice doctor\` tells more.`
  return { runtime, notice: runtime.notice + because, leftovers: await runtime.recover() }
}
