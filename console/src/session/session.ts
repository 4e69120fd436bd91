/** Who is signed in, in this browser. */
import { createStore, useStore } from '../store.ts'

export interface SignedIn {
  accountId: string
  region: string
  expiresAtMs: number
}

export type Session =
  | { state: 'unknown' }
  /** `refused`: why a ticket did not sign in. */
  | { state: 'signed out'; refused: Error | null }
  | ({ state: 'signed in' } & SignedIn)
  /** The page stays as it is, so that nothing unsaved is lost. */
  | ({ state: 'expired' } & SignedIn)

const store = createStore<Session>({ state: 'unknown' })

export const useSession = (): Session => useStore(store)

export const currentSession = (): Session => store.get()

export function setSignedIn(session: SignedIn): void {
  store.set({ ...session, state: 'signed in' })
}

export function setSignedOut(refused: Error | null = null): void {
  store.set({ state: 'signed out', refused })
}

export function markExpired(): void {
  const session = store.get()
  if (session.state === 'signed in') store.set({ ...session, state: 'expired' })
}
