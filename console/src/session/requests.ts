/** Signing in and out. The key pair goes to the platform once; what stays is a cookie that no script can read. */
import { errorOf } from '../api/errors.ts'
import { setSignedIn, setSignedOut, type SignedIn } from './session.ts'

const PATH = '/console/session'
const HEADERS = { 'x-sluice-console': '1', 'content-type': 'application/json' }

export async function restoreSession(): Promise<void> {
  try {
    const response = await fetch(PATH)
    if (response.ok) setSignedIn((await response.json()) as SignedIn)
    else setSignedOut()
  } catch {
    setSignedOut()
  }
}

/** Rejects with ApiError. */
export async function signIn(accessKeyId: string, accessKeySecret: string): Promise<void> {
  const body = JSON.stringify({ accessKeyId, accessKeySecret })
  const response = await fetch(PATH, { method: 'POST', headers: HEADERS, body })
  if (!response.ok) throw errorOf(response.status, await response.text(), null)
  setSignedIn((await response.json()) as SignedIn)
}

export async function signOut(): Promise<void> {
  await fetch(PATH, { method: 'DELETE', headers: HEADERS })
  setSignedOut()
}
