import { Component, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../components/button.tsx'
import { CodeBlock } from '../components/code-block.tsx'
import { EmptyState } from '../components/states.tsx'
import { useWords } from '../i18n/language.ts'
import { words } from './words.ts'

/** A page that breaks leaves the rest standing; another page is a new beginning. */
export function ErrorBoundary({ children }: { children: ReactNode }) {
  const [location] = useLocation()
  return <Boundary key={location}>{children}</Boundary>
}

class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    const { error } = this.state
    return error === undefined ? this.props.children : <Broken error={error} />
  }
}

function Broken({ error }: { error: unknown }) {
  const t = useWords(words)
  return (
    <div className="card">
      <EmptyState
        icon="warning"
        title={t.broken}
        action={
          <Button icon="refresh" onClick={() => location.reload()}>
            {t.reload}
          </Button>
        }
      >
        {t.brokenText}
      </EmptyState>
      <CodeBlock label={t.broken} text={String(error)} wrap />
    </div>
  )
}
