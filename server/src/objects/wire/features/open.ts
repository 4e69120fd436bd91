/** Everything that a bucket can be told to do beside serving objects. */
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createImages, type Images } from '../../images/images.ts'
import { ImageProcesses } from '../../images/processes.ts'
import { LifecycleJob } from '../../lifecycle/job.ts'
import { AccessLogs } from './access-log.ts'
import { Callbacks } from './callback.ts'
import { cors } from './cors.ts'
import { imagesFeature } from './images.ts'
import { lifecycle, lifecycleRules } from './lifecycle.ts'
import { policyFeature } from './policy.ts'
import { postObjectFeature } from './post-object.ts'
import { referer } from './referer.ts'
import { smallSettings } from './small-settings.ts'
import { style } from './style.ts'
import { website } from './website.ts'
import type { Clock, Random } from '../../../clock.ts'
import type { ObjectStore } from '../../port.ts'
import type { Feature } from '../exchange.ts'

const IMAGE_JOB_MS = 30_000
const IMAGE_JOBS_WAITING_MAX = 64

export interface FeaturesOptions {
  accountId: string
  /** Holds the key that callbacks are signed with; made when absent. */
  directory: string
  /** Where the objects' wire is reached. */
  endpoint: string
}

export interface FeaturesDeps {
  store: ObjectStore
  clock: Clock
  random: Random
  /** Hears what went wrong behind everybody's back. */
  onProblem(error: unknown): void
}

export interface Features {
  all: readonly Feature[]
  close(): Promise<void>
}

export async function openFeatures(options: FeaturesOptions, deps: FeaturesDeps): Promise<Features> {
  const { accountId, directory, endpoint } = options
  const { store, clock } = deps
  await mkdir(directory, { recursive: true })
  // Half of the cores at most: the rest is for functions.
  const processes = Math.max(1, Math.floor(availableParallelism() / 2))
  const limits = { processes, waitingMax: IMAGE_JOBS_WAITING_MAX, jobMs: IMAGE_JOB_MS }
  const imageProcesses = new ImageProcesses(limits, clock)
  const images = createImages(store, imageProcesses)
  const callbacks = new Callbacks({ store, images, endpoint, keyFile: join(directory, 'callback-key.pem') })
  const job = new LifecycleJob({ ...deps, rulesOf: lifecycleRules })
  const accessLogs = new AccessLogs(accountId, deps)
  return {
    all: [...featuresOf(accountId, images, callbacks), accessLogs.feature],
    async close() {
      imageProcesses.close()
      await job.close()
      await accessLogs.close()
    },
  }
}

export function featuresOf(accountId: string, images: Images, callbacks: Callbacks): Feature[] {
  const policy = policyFeature(accountId)
  return [
    ...[policy, referer, website, cors, lifecycle, smallSettings, style],
    ...[imagesFeature(images), postObjectFeature([policy], callbacks), callbacks.feature],
  ]
}
