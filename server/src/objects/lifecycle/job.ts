/** Goes through the buckets that have lifecycle rules, once in a while, and does what is due. */
import type { Clock, Random, Timer } from '../../clock.ts'
import { OssError, type Bucket, type Cause, type ObjectHead, type ObjectStore } from '../port.ts'
import { dueActions, isUploadDue, type LifecycleAction, type LifecycleRule } from './rules.ts'

const PAGE_SIZE = 500
/** After the start, so that it does not add to it. */
const FIRST_RUN_MS = 10 * 60 * 1000
const INTERVAL_MS = 24 * 60 * 60 * 1000

export interface LifecycleDeps {
  store: ObjectStore
  clock: Clock
  random: Random
  /** What a bucket's rules are. */
  rulesOf(bucket: Bucket): readonly LifecycleRule[]
  /** Hears what went wrong with a bucket; the others go on. */
  onProblem(error: unknown): void
}

export class LifecycleJob {
  readonly #deps: LifecycleDeps
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(deps: LifecycleDeps) {
    this.#deps = deps
    this.#schedule(FIRST_RUN_MS)
  }

  /** Resolves when every bucket was gone through; a run that goes on already counts. */
  run(): Promise<void> {
    this.#running ??= this.#goThrough().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Resolves when a run that goes on has stopped, between two changes. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#running
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#deps.clock.setTimer(delayMs, () => {
      void this.run().then(() => this.#isClosed || this.#schedule(INTERVAL_MS))
    })
  }

  async #goThrough(): Promise<void> {
    const deps = this.#deps
    for (const bucket of deps.store.buckets()) {
      const rules = deps.rulesOf(bucket).filter(({ isEnabled }) => isEnabled)
      if (rules.length === 0 || this.#isClosed) continue
      try {
        await this.#objects(bucket, rules)
        if (rules.some(({ abortUploads }) => abortUploads !== null)) await this.#uploads(bucket, rules)
      } catch (error) {
        deps.onProblem(error)
      }
    }
  }

  async #objects({ name: bucket }: Bucket, rules: readonly LifecycleRule[]): Promise<void> {
    for await (const versions of keysOf(this.#deps.store, bucket, commonPrefix(rules))) {
      for (const action of dueActions(rules, versions, this.#deps.clock.nowMs())) {
        if (this.#isClosed) return
        await ignoringGone(() => this.#act(bucket, versions[0]!.key, action))
      }
    }
  }

  async #act(bucket: string, key: string, action: LifecycleAction): Promise<void> {
    const { store } = this.#deps
    const ref = { bucket, key, ...(action.versionId !== undefined && { versionId: action.versionId }) }
    if (action.kind === 'transition') await store.changeAttributes(ref, { storageClass: action.storageClass })
    else await store.delete(ref, { cause: this.#cause(), eventName: 'ObjectRemoved:DeleteObject' })
  }

  async #uploads({ name: bucket }: Bucket, rules: readonly LifecycleRule[]): Promise<void> {
    const { store, clock } = this.#deps
    let next: { key: string; uploadId: string } | null = { key: '', uploadId: '' }
    while (next !== null && !this.#isClosed) {
      const after: { key: string; uploadId: string } = next
      const query = { bucket, prefix: commonPrefix(rules), delimiter: '', limit: PAGE_SIZE }
      const page = await store.listUploads({ ...query, after: after.key, afterUploadId: after.uploadId })
      for (const upload of page.uploads) {
        if (!isUploadDue(rules, upload, clock.nowMs())) continue
        await ignoringGone(() =>
          store.abortUpload(upload, { cause: this.#cause(), eventName: 'ObjectRemoved:AbortMultipartUpload' }),
        )
      }
      next = page.next
    }
  }

  /** Nobody's request. */
  #cause(): Cause {
    const requestId = this.#deps.random.bytes(12).toString('hex').toUpperCase()
    return { requestId, sourceIp: '', principalId: 'lifecycle', functionKey: null, depth: 0 }
  }
}

/** What somebody else removed meanwhile is as it should be. */
async function ignoringGone(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof OssError) || error.status !== 404) throw error
  }
}

/** The versions of each key, newest first, page by page. */
async function* keysOf(store: ObjectStore, bucket: string, prefix: string): AsyncGenerator<ObjectHead[]> {
  let versions: ObjectHead[] = []
  let next: { key: string; versionId: string } | null = { key: '', versionId: '' }
  while (next !== null) {
    const after: { key: string; versionId: string } = next
    const query = { bucket, prefix, delimiter: '', after: after.key, limit: PAGE_SIZE }
    const page = await store.listVersions({
      ...query,
      ...(after.versionId !== '' && { afterVersionId: after.versionId }),
    })
    for (const head of page.objects) {
      if (versions.length > 0 && versions[0]!.key !== head.key) {
        yield versions
        versions = []
      }
      versions.push(head)
    }
    next = page.next
  }
  if (versions.length > 0) yield versions
}

/** Where all rules begin alike, the rest need not be listed. */
export function commonPrefix(rules: readonly { prefix: string }[]): string {
  let common = rules[0]?.prefix ?? ''
  for (const { prefix } of rules) while (!prefix.startsWith(common)) common = common.slice(0, -1)
  return common
}
