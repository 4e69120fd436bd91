/** One follower of the store: knows what it has told, and tells what comes after, each commit once and in order. */
import type { Clock, Timer } from '../clock.ts'
import type { DocumentKind } from '../model.ts'
import type { ChangeBatch, ChangeRow } from './changes.ts'
import { retryDelayMs } from './engine.ts'
import type { Change } from './port.ts'

export interface WatcherOptions {
  read(since: number | undefined): Promise<ChangeBatch>
  onChanges(changes: readonly Change[], revision: number): void
  onError(error: Error): void
  clock: Clock
}

export class Watcher {
  readonly #options: WatcherOptions
  /** Revision of the last commit told; undefined before the state was. */
  #position: number | undefined
  /** `kind/key` of the documents told, for deletions that are no longer on record when it has fallen far behind. */
  readonly #known = new Set<string>()
  #reading: Promise<void> | undefined
  #readAgain = false
  #failures = 0
  /** `onError` was told last; `onChanges` has to say that it is over, even when nothing was missed. */
  #isBroken = false
  #retry: Timer | undefined
  #stopped = false

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  /** Tells the whole state; rejects when it cannot be read. */
  async start(): Promise<void> {
    this.#reading = this.#catchUp()
    await this.#reading
  }

  /** A commit of this process: told at once when it is the next one, else with those before it. Never rejects. */
  async committed(revision: number, rows: readonly ChangeRow[]): Promise<void> {
    if (this.#reading === undefined && this.#position === revision - 1) {
      this.#tell({ revision, whole: false, rows })
      return
    }
    this.look()
    await this.#reading?.catch(() => {})
  }

  /** There may be commits that were not told yet. */
  look(): void {
    if (this.#stopped) return
    this.#readAgain = true
    this.#reading ??= this.#catchUp().then(
      () => {
        this.#failures = 0
      },
      (error: Error) => {
        this.fail(error)
        this.#failures += 1
        this.#retry = this.#options.clock.setTimer(retryDelayMs(this.#failures), () => this.look())
      },
    )
  }

  /** The feed is broken at present. */
  fail(error: Error): void {
    if (this.#stopped) return
    this.#isBroken = true
    this.#options.onError(error)
  }

  /** Nothing is told once it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#retry?.cancel()
    await this.#reading?.catch(() => {})
  }

  async #catchUp(): Promise<void> {
    this.#retry?.cancel()
    try {
      do {
        this.#readAgain = false
        this.#tell(await this.#options.read(this.#position))
      } while (this.#readAgain && !this.#stopped)
    } finally {
      this.#reading = undefined
    }
  }

  #tell({ revision, whole, rows }: ChangeBatch): void {
    if (this.#stopped || (revision === this.#position && !this.#isBroken)) return
    this.#isBroken = false
    const changes = rows.map(toChange)
    if (whole) changes.push(...this.#vanished(rows, revision))
    for (const { kind, key, value } of changes) {
      if (value === null) this.#known.delete(`${kind}/${key}`)
      else this.#known.add(`${kind}/${key}`)
    }
    this.#position = revision
    try {
      this.#options.onChanges(changes, revision)
    } catch (error) {
      // The listener's defect: the feed itself is whole and has nothing to tell again.
      this.#options.onError(error as Error)
    }
  }

  /** Deletions of what was told once and is not in the whole state any more. */
  #vanished(state: readonly ChangeRow[], revision: number): Change[] {
    const gone = new Set(this.#known)
    for (const { kind, key } of state) gone.delete(`${kind}/${key}`)
    return Array.from(gone, (name) => {
      const slash = name.indexOf('/')
      return { kind: name.slice(0, slash) as DocumentKind, key: name.slice(slash + 1), revision, value: null }
    })
  }
}

/** A value of its own for every watcher, so that none can change what another holds. */
function toChange({ kind, key, revision, value }: ChangeRow): Change {
  return { kind, key, revision, value: value === null ? null : JSON.parse(value) }
}
