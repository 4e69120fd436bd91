/** Signing in and out. Key pair or ticket go to the platform once; what stays is a cookie that no script can read. */
import { errorOf } from '../api/errors.ts'
import { setSignedIn, setSignedOut, type SignedIn } from './session.ts'

const PATH = '/console/session'
const HEADERS = { 'x-sluice-console': '1', 'content-type': 'application/json' }

/** `refused`: what to tell when nobody is signed in. */
export async function restoreSession(refused: Error | null = null): Promise<void> {
  try {
    const response = await fetch(PATH)
    if (response.ok) setSignedIn((await response.json()) as SignedIn)
    else setSignedOut(refused)
  } catch {
    setSignedOut(refused)
  }
}

/** A ticket that is used up does no harm where its session lives on: the link in a terminal is clicked twice. */
export async function enter(ticket: string): Promise<void> {
  try {
    await signIn({ ticket })
  } catch (error) {
    await restoreSession(error as Error)
  }
}

/** Rejects with ApiError. */
export async function signIn(by: { accessKeyId: string; accessKeySecret: string } | { ticket: string }): Promise<void> {
  const response = await fetch(PATH, { method: 'POST', headers: HEADERS, body: JSON.stringify(by) })
  if (!response.ok) throw errorOf(response.status, await response.text(), null)
  setSignedIn((await response.json()) as SignedIn)
}

/** Rejects with ApiError, and as fetch does: the session lives on then. */
export async function signOut(): Promise<void> {
  const response = await fetch(PATH, { method: 'DELETE', headers: HEADERS })
  // 401: it was over already.
  if (response.status !== 204 && response.status !== 401) {
    throw errorOf(response.status, await response.text(), null)
  }
  setSignedOut()
}
