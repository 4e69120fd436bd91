import { useEffect, useState } from 'react'

/** Says whether this browser is signed in. */
export function App() {
  const [state, setState] = useState<'asking' | 'signed in' | 'signed out'>('asking')
  useEffect(() => {
    void fetch('/console/session').then(({ ok }) => setState(ok ? 'signed in' : 'signed out'))
  }, [])
  return <main>Sluice: {state}</main>
}
