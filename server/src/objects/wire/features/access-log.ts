/** Who asked a bucket for what: lines that are kept as objects, hour by hour. */
import { settingOf, settingOperations, malformed, type Setting } from './setting.ts'
import { BUCKET_NAME } from '../../limits.ts'
import { OssError, type Bucket, type Cause, type ObjectStore } from '../../port.ts'
import { childText, childrenOf } from '../xml.ts'
import { accessLogKey, accessLogLine } from './access-log-line.ts'
import type { Clock, Random, Timer } from '../../../clock.ts'
import type { Exchange, Feature, Operation, WireContext } from '../exchange.ts'

const INTERVAL_MS = 60 * 60 * 1000
/** Of one bucket; more is written before its hour is over. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024
const PREFIX = /^[A-Za-z0-9_./-]{0,32}$/

type Logging = { bucket: string; prefix: string } | 'off'

const setting: Setting<Logging> = {
  flag: 'logging',
  operation: 'BucketLogging',
  root: 'BucketLoggingStatus',
  read(document, _exchange, { store }: WireContext) {
    const [enabled] = childrenOf(document, 'LoggingEnabled')
    if (enabled === undefined) return null
    const bucket = childText(enabled, 'TargetBucket')?.trim() ?? ''
    if (!BUCKET_NAME.test(bucket) || store.bucket(bucket) === undefined) {
      throw new OssError('InvalidTargetBucketForLogging', `The target bucket '${bucket}' does not exist.`)
    }
    const prefix = childText(enabled, 'TargetPrefix')?.trim() ?? ''
    if (!PREFIX.test(prefix)) throw malformed("TargetPrefix has at most 32 letters, digits, '_', '-', '.' and '/'")
    return { bucket, prefix }
  },
  write: (value) =>
    value === 'off' ? {} : { LoggingEnabled: { TargetBucket: value.bucket, TargetPrefix: value.prefix } },
  unset: { value: 'off' },
}

/** Where a bucket's log goes; undefined: it keeps none. */
export function logTargetOf(bucket: Bucket): { bucket: string; prefix: string } | undefined {
  const target = settingOf(bucket, setting)
  return target === 'off' ? undefined : target
}

export interface AccessLogDeps {
  store: Pick<ObjectStore, 'bucket' | 'put'>
  clock: Clock
  random: Random
  /** Hears that lines were lost, and why. */
  onProblem(error: unknown): void
}

interface Waiting {
  lines: Buffer[]
  bytes: number
}

export class AccessLogs {
  readonly #deps: AccessLogDeps
  readonly #accountId: string
  /** By the name of the bucket that was asked. */
  readonly #waiting = new Map<string, Waiting>()
  #timer: Timer
  #writing: Promise<unknown> = Promise.resolve()

  constructor(accountId: string, deps: AccessLogDeps) {
    this.#accountId = accountId
    this.#deps = deps
    this.#timer = this.#startTimer()
  }

  get feature(): Feature {
    return {
      operations: settingOperations(setting),
      answered: (exchange, operation, outcome) => this.#note(exchange, operation, outcome),
    }
  }

  /** Resolves when every line that waits was written. */
  async close(): Promise<void> {
    this.#timer.cancel()
    this.#flush()
    await this.#writing
  }

  #startTimer(): Timer {
    return this.#deps.clock.setTimer(INTERVAL_MS, () => {
      this.#flush()
      this.#timer = this.#startTimer()
    })
  }

  #note(exchange: Exchange, operation: Operation, outcome: { status: number; bytes: number; ms: number }): void {
    const { bucketName } = exchange
    const bucket = this.#deps.store.bucket(bucketName)
    if (bucket === undefined || logTargetOf(bucket) === undefined) return
    const line = Buffer.from(accessLogLine(exchange, operation.name, outcome, this.#accountId))
    const waiting = this.#waiting.get(bucketName) ?? { lines: [], bytes: 0 }
    this.#waiting.set(bucketName, waiting)
    waiting.lines.push(line)
    waiting.bytes += line.length
    if (waiting.bytes > WAITING_BYTES_MAX) this.#write(bucketName)
  }

  #flush(): void {
    for (const bucketName of this.#waiting.keys()) this.#write(bucketName)
  }

  #write(bucketName: string): void {
    const { lines } = this.#waiting.get(bucketName)!
    this.#waiting.delete(bucketName)
    const bucket = this.#deps.store.bucket(bucketName)
    const target = bucket && logTargetOf(bucket)
    // The bucket is gone, or wants no log any more.
    if (bucket === undefined || target === undefined) return
    this.#writing = this.#writing
      .then(() => this.#store(bucket, target, lines))
      .catch((error: unknown) => this.#deps.onProblem(error))
  }

  async #store(bucket: Bucket, target: { bucket: string; prefix: string }, lines: readonly Buffer[]): Promise<void> {
    const { store, clock, random } = this.#deps
    const unique = random.bytes(12).toString('hex').toUpperCase()
    const key = accessLogKey(target.prefix, bucket.name, clock.nowMs(), unique)
    const cause: Cause = { requestId: unique, sourceIp: '', principalId: 'logging', functionKey: null, depth: 0 }
    const storageClass = store.bucket(target.bucket)?.storageClass ?? 'Standard'
    await store.put(target.bucket, key, each(lines), {
      ...{ cause, eventName: 'ObjectCreated:PutObject' },
      attributes: { contentType: 'text/plain', headers: {}, meta: {}, acl: 'default', tags: {}, storageClass },
    })
  }
}

async function* each(lines: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* lines
}
