/** What is wrong with a query, and where: the query again with the place marked. */
import type { ApiError } from '../../api/errors.ts'
import { useWords } from '../../i18n/language.ts'
import { words } from './words.ts'
import './mistake.css'

/** `query` as it was sent: its text may be another by now. */
export function Mistake({ error: { position, message }, query }: { error: ApiError; query: string }) {
  const t = useWords(words)
  return (
    <div className="mistake" role="alert">
      {position !== undefined && (
        <div className="mistake-query mono">
          {query.slice(0, position)}
          <mark title={t.mistake}>{query.slice(position, position + 1) || '\u00a0'}</mark>
          {query.slice(position + 1)}
        </div>
      )}
      <p>{message}</p>
    </div>
  )
}
