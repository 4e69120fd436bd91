/** What stands where content is not: loading, empty, failed. */
import './states.css'
import type { ReactNode } from 'react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from '../api/errors.ts'
import { useWords } from '../i18n/language.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { words } from './words.ts'

/** Grey lines in the place of what comes. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const t = useWords(words)
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{t.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} style={{ width: `${90 - ((line * 23) % 45)}%` }} />
      ))}
    </div>
  )
}

interface EmptyStateProps {
  icon?: IconName
  title: string
  /** Why there is nothing, and the next step. */
  children?: ReactNode
  action?: ReactNode
}

export function EmptyState({ icon = 'info', title, children, action }: EmptyStateProps) {
  return (
    <div className="empty-state">
      <span className="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <h3>{title}</h3>
      {children && <div className="soft">{children}</div>}
      {action}
    </div>
  )
}

/** Says what was refused in the platform's own words, with what finds it in the logs. */
export function ErrorNotice({ error, onRetry }: { error: ApiError | Error; onRetry?: () => void }) {
  const t = useWords(words)
  const { status, code, requestId } = { status: undefined, code: '', requestId: '', ...asApiError(error) }
  return (
    <div className="error-notice" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          {code !== '' && <strong>{code}</strong>} {status === 0 ? t.network : error.message}
        </p>
        {(status === 404 || status === 501) && code.startsWith('HTTP') && <p>{t.notOffered}</p>}
        {requestId !== '' && (
          <p className="small">
            {t.requestId} <span className="mono">{requestId}</span>
          </p>
        )}
      </div>
      {onRetry && (
        <Button small icon="refresh" onClick={onRetry}>
          {t.retry}
        </Button>
      )}
    </div>
  )
}

const asApiError = (error: ApiError | Error) => ('code' in error ? error : {})

interface QueryViewProps<Data> {
  query: Pick<UseQueryResult<Data, ApiError>, 'data' | 'error' | 'refetch'>
  lines?: number
  children: (data: Data) => ReactNode
}

/** A query's answer, or what it is instead. */
export function QueryView<Data>({ query, lines, children }: QueryViewProps<Data>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton {...(lines !== undefined && { lines })} />
}
