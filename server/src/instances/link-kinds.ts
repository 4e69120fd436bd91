/** Which link an instance gets, by the runtime of its function. */
import type { Clock } from '../clock.ts'
import type { FunctionConfig } from '../model.ts'
import { HttpLink } from './http/link.ts'
import type { Ports } from './http/ports.ts'
import { channelLink, type LinkFactory } from './link.ts'
import { customProgram } from './program/config.ts'
import { LaunchedProgram } from './program/program.ts'
import { RuntimeApiLink } from './runtime-api/link.ts'
import type { RuntimeApi } from './runtime-api/server.ts'

export interface LinkDeps {
  clock: Clock
  ports: Ports
  runtimeApi: RuntimeApi
}

export function createLinkFactory(config: FunctionConfig, { clock, ports, runtimeApi }: LinkDeps): LinkFactory {
  const { runtime, handler } = config
  if (runtime === 'go1') {
    return (stem, owner) => new RuntimeApiLink(new LaunchedProgram(stem, owner), [handler], { clock, api: runtimeApi })
  }
  if (runtime.startsWith('custom')) {
    const program = customProgram(config)
    return (stem, owner) => new HttpLink(new LaunchedProgram(stem, owner), program, { clock, ports })
  }
  return channelLink
}
