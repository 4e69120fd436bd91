/** Where a query is written: sent by Enter, with what is wrong with it below. */
import { type FormEvent, useEffect, useState } from 'react'
import type { ApiError } from '../../api/errors.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { FunctionField } from '../../components/function-field.tsx'
import { TimeRangePicker } from '../../components/time-range-picker.tsx'
import { useWords } from '../../i18n/language.ts'
import { BoundsDialog } from './bounds-dialog.tsx'
import type { LogsState } from './logs-address.ts'
import { Mistake } from './mistake.tsx'
import { QueryHelp } from './query-help.tsx'
import { words } from './words.ts'
import './query-bar.css'

interface Props {
  state: LogsState
  onChange: (change: Partial<LogsState>) => void
  /** Asks again with the same query. */
  onSearch: () => void
  error: ApiError | null
  busy: boolean
}

export function QueryBar({ state, onChange, onSearch, error, busy }: Props) {
  const t = useWords(words)
  const [draft, setDraft] = useState(state.query)
  const [open, setOpen] = useState<'help' | 'bounds' | null>(null)
  // A link within the page, or the way back, brings another query.
  useEffect(() => setDraft(state.query), [state.query])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (draft === state.query) onSearch()
    else onChange({ query: draft })
  }
  return (
    <div className="query-bar">
      <form className="query-line" role="search" onSubmit={submit}>
        <input
          type="text"
          className="mono query-input"
          aria-label={t.query}
          aria-invalid={error !== null}
          placeholder={t.queryPlaceholder}
          value={draft}
          onChange={({ target }) => setDraft(target.value)}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          data-search-field=""
        />
        <IconButton icon="info" label={t.help} aria-haspopup="dialog" onClick={() => setOpen('help')} />
        <Button type="submit" kind="primary" icon="search" busy={busy}>
          {t.search}
        </Button>
      </form>
      {error !== null && <Mistake error={error} query={state.query} />}
      <div className="row">
        <FunctionField
          label={t.function}
          placeholder={t.allFunctions}
          value={state.functionKey}
          onChange={(functionKey) => onChange({ functionKey })}
        />
        {!state.isFollowing && <TimeRangePicker range={state.range} onChange={(range) => onChange({ range })} />}
        <Button
          icon={state.isFollowing ? 'close' : 'play'}
          aria-pressed={state.isFollowing}
          onClick={() => onChange({ isFollowing: !state.isFollowing })}
        >
          {state.isFollowing ? t.liveStop : t.live}
        </Button>
        {state.functionKey !== '' && (
          <Button kind="quiet" icon="clock" onClick={() => setOpen('bounds')}>
            {t.bounds}
          </Button>
        )}
      </div>
      {open === 'bounds' && <BoundsDialog functionKey={state.functionKey} onClose={() => setOpen(null)} />}
      {open === 'help' && (
        <QueryHelp
          onClose={() => setOpen(null)}
          onUse={(query) => {
            setOpen(null)
            setDraft(query)
            onChange({ query })
          }}
        />
      )}
    </div>
  )
}
