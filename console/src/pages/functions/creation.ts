/** How a function is made of what the form holds. */
import { api } from '../../api/client.ts'
import { FC2, FC3 } from '../../api/functions.ts'
import type { Runtime } from '../../api/runtimes.ts'
import { useChange } from '../../api/use-api.ts'
import { zipFileOf } from '../../package/package.ts'
import { starterFor, starterPackage } from '../../package/starters.ts'
import { base64Of } from '../../package/text.ts'
import { changesOf, type Settings } from './settings.ts'

export type CodeSource = 'event' | 'http' | 'zip' | 'image'

export interface NewFunction {
  /** Empty: of no service (3.0). */
  service: string
  name: string
  runtime: string
  source: CodeSource
  zip: File | null
  image: string
  settings: Settings
}

export function codeSourcesOf(runtime: string): CodeSource[] {
  if (runtime === 'custom-container') return ['image']
  return starterFor(runtime, 'event') ? ['event', 'http', 'zip'] : ['zip']
}

/** Of what can run here, the newest Node.js; without one, anything. */
export function defaultRuntime(runtimes: readonly Runtime[]): string {
  const available = runtimes.filter((runtime) => runtime.available)
  const nodejs = available.filter(({ name }) => name.startsWith('nodejs'))
  return (nodejs.find(({ runsOn }) => runsOn?.fit === 'exact') ?? nodejs.at(-1) ?? available[0])?.name ?? 'custom'
}

/** Answers the new function's key. */
export const useCreateFunction = () => useChange(createFunction, [FC2, FC3])

async function createFunction(input: NewFunction): Promise<string> {
  const { service, name, runtime, settings } = input
  const json = { functionName: name, runtime, ...changesOf(settings, null, runtime), ...(await codeOf(input)) }
  const path = service === '' ? `${FC3}/functions` : `${FC2}/services/${encodeURIComponent(service)}/functions`
  await api(path, { method: 'POST', json: service === '' ? json : asVersion2(json) })
  return service === '' ? name : `${service}$${name}`
}

async function codeOf({ source, runtime, zip, image }: NewFunction): Promise<Record<string, unknown>> {
  if (source === 'image') return { customContainerConfig: { image } }
  if (source === 'zip') return { code: { zipFile: base64Of(new Uint8Array(await zip!.arrayBuffer())) } }
  const starter = starterFor(runtime, source)!
  return { handler: starter.handler, code: { zipFile: zipFileOf(starterPackage(starter)) } }
}

/** 2.0 keeps the port beside the start command, and the initializer in members of its own. */
function asVersion2({ customRuntimeConfig, instanceLifecycleConfig, ...rest }: Record<string, unknown>) {
  const { port, ...command } = (customRuntimeConfig ?? {}) as { port?: number }
  const { initializer } = (instanceLifecycleConfig ?? {}) as { initializer?: { handler: string; timeout: number } }
  return {
    ...rest,
    ...(customRuntimeConfig !== undefined && { customRuntimeConfig: command, caPort: port }),
    ...(initializer && { initializer: initializer.handler, initializationTimeout: initializer.timeout }),
  }
}
