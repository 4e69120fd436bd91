/** Adds the runtime of images to those that have an interpreter. */
import { CONTAINER_RUNTIME } from '../../container-config.ts'
import type { Runtimes } from '../runtimes.ts'

/** `problem`: why there can be no containers; null when there can. */
export function withContainers(runtimes: Runtimes, problem: string | null): Runtimes {
  return {
    ...runtimes,
    available(runtime) {
      if (runtime !== CONTAINER_RUNTIME) return runtimes.available(runtime)
      return problem === null ? { ok: true } : { ok: false, reason: problem }
    },
    list: () =>
      runtimes.list().map((status) => {
        if (status.name !== CONTAINER_RUNTIME) return status
        const { name } = status
        return problem === null ? { name, available: true } : { name, available: false, reason: problem }
      }),
  }
}
