import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { TextField } from '../components/field.tsx'
import { ErrorNotice } from '../components/states.tsx'
import { useWords } from '../i18n/language.ts'
import { signIn } from './requests.ts'
import { words } from './words.ts'

/** Not a form element of its own when it stands in a dialog, which is one: Enter and the button do the same. */
export function SignInForm() {
  const t = useWords(words)
  const [id, setId] = useState('')
  const [secret, setSecret] = useState('')
  const attempt = useMutation({ mutationFn: () => signIn({ accessKeyId: id.trim(), accessKeySecret: secret.trim() }) })
  return (
    <div
      className="stack"
      role="group"
      aria-label={t.signIn}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return
        event.preventDefault()
        attempt.mutate()
      }}
    >
      <TextField
        label={t.keyId}
        name="username"
        autoComplete="username"
        required
        value={id}
        onChange={(event) => setId(event.target.value)}
      />
      <TextField
        label={t.keySecret}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      {attempt.error && <ErrorNotice error={attempt.error} />}
      <Button
        kind="primary"
        busy={attempt.isPending}
        disabled={id === '' || secret === ''}
        onClick={() => attempt.mutate()}
      >
        {t.signIn}
      </Button>
    </div>
  )
}
