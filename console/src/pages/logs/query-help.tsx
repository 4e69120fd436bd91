/** The query language in a dialog, by examples that can be used at once. */
import { Dialog } from '../../components/dialog.tsx'
import { useWords } from '../../i18n/language.ts'
import { words } from './help-words.ts'

/** Each is a query that works as it stands. */
const EXAMPLES = [
  ['error', 'exampleWord'],
  ['"connection refused"', 'examplePhrase'],
  ['conn*refused', 'exampleWildcard'],
  ['error AND NOT (timeout OR retry)', 'exampleLogic'],
  ['level: warn', 'exampleField'],
  ['durationMs > 500', 'exampleNumber'],
  ['isColdStart: true', 'exampleColdStart'],
  ['| SELECT functionName, count(*) AS calls GROUP BY functionName ORDER BY calls DESC', 'exampleAnalysis'],
] as const

export function QueryHelp({ onClose, onUse }: { onClose: () => void; onUse: (query: string) => void }) {
  const t = useWords(words)
  return (
    <Dialog wide title={t.title} onClose={onClose}>
      <p>{t.introduction}</p>
      <dl className="query-help">
        {EXAMPLES.map(([query, explanation]) => (
          <div key={query}>
            <dt>
              <button type="button" className="mono" title={t.use} onClick={() => onUse(query)}>
                {query}
              </button>
            </dt>
            <dd className="soft">{t[explanation]}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">{t.fields}</p>
    </Dialog>
  )
}
