import './session.css'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, type ReactNode } from 'react'
import { ApiError } from '../api/errors.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { ErrorNotice } from '../components/states.tsx'
import { useWords } from '../i18n/language.ts'
import { Logo } from '../shell/logo.tsx'
import { setSignedOut, useSession } from './session.ts'
import { SignInForm } from './sign-in-form.tsx'
import { words } from './words.ts'

/**
 * The console for those who are signed in. When a session ends on its own the page stays below a dialog; the address is
 * never changed, so that signing in leads to where one was.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession()
  const queries = useQueryClient()
  const { state } = session
  useEffect(() => {
    if (state === 'signed out') queries.clear()
    if (state === 'signed in') void queries.invalidateQueries()
  }, [state, queries])
  if (state === 'unknown') return null
  if (state === 'signed out') return <SignInPage refused={session.refused} />
  return (
    <>
      {children}
      {state === 'expired' && <ExpiredDialog />}
    </>
  )
}

function SignInPage({ refused }: { refused: Error | null }) {
  const t = useWords(words)
  return (
    <main className="sign-in-page">
      <title>{`${t.signIn} · Sluice`}</title>
      <div className="card">
        <h1>
          <Logo size={28} /> {t.signInTo}
        </h1>
        <div className="stack">
          {refused && <ErrorNotice error={isSpent(refused) ? new Error(t.linkSpent) : refused} />}
          <SignInForm />
        </div>
        <p className="help">
          {t.link} <code>npx sluice console</code>
        </p>
        <p className="help">
          {t.where} <code>~/.sluice/credentials.json</code>
        </p>
      </div>
    </main>
  )
}

const isSpent = (refused: Error) => refused instanceof ApiError && refused.status === 403

function ExpiredDialog() {
  const t = useWords(words)
  return (
    <Dialog title={t.expired} mustAnswer onClose={() => undefined}>
      <p>{t.expiredText}</p>
      <SignInForm />
      <Button kind="quiet" onClick={() => setSignedOut()}>
        {t.otherAccount}
      </Button>
    </Dialog>
  )
}
