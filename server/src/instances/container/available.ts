/** Adds the runtime of images to those that have an interpreter. */
import { CONTAINER_RUNTIME } from '../../container-config.ts'
import type { Runtimes } from '../runtimes.ts'

/** Since then a layer can lie above files that are shown with other owners (overlayfs over idmapped mounts). */
const LINUX_MIN = [5, 19] as const

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

/** `release`: as `uname -r` tells it. Null when that Linux can have containers. */
export function kernelProblem(release: string): string | null {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  const isNewEnough = major > LINUX_MIN[0] || (major === LINUX_MIN[0] && minor >= LINUX_MIN[1])
  return isNewEnough ? null : `it needs Linux ${LINUX_MIN.join('.')} or newer, and this is ${release}`
}
