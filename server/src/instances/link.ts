/** How the node speaks with the program of an instance: over the channel, or HTTP where the program knows no channel. */
import type { CredentialsFrame, InitFrame } from './environment.ts'
import type { LinkStream, StreamHandler } from './port.ts'
import type { Stem, StemOwner } from './stem.ts'

/** One run of a lifecycle hook. */
export interface HookCall {
  name: 'preFreeze' | 'preStop'
  /** Of its own: no request is behind it. */
  requestId: string
  deadlineMs: number
}

export interface Link {
  /** For the function to load, beside its initializer's own timeout. */
  readonly loadMsMax: number
  /** Has the function loaded and initialized; `onReady` of the owner answers. Once, before all else. */
  initialize(init: InitFrame): void
  /** Opens a stream. `body` holds the first bytes of the request body, at most 64 KB. */
  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream
  /** Runs a lifecycle hook; `onDone` hears the JSON of its outcome, unless the link is closed before. */
  hook(call: HookCall, onDone: (payload: string) => void): void
  /** Asks for a sign of life; `onPong` of the owner answers. */
  ping(): void
  /** Replaces the credentials that the function has. */
  credentials(credentials: CredentialsFrame): void
}

/**
 * Takes the stem, so that its owner hears from now on what happens to it, and speaks with what runs in it. Throws when the
 * stem is no longer there.
 */
export type LinkFactory = (stem: Stem, owner: StemOwner) => Link

/** The stem's runtime is the function's program: its channel is the link. */
export const channelLink: LinkFactory = (stem, owner) => {
  stem.take(owner)
  return stem.connection
}
