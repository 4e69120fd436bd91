import './text-block.css'
import { useFormat, useWords } from '../i18n/language.ts'
import { CopyButton } from './code-block.tsx'
import { LineText } from './line-text.tsx'
import { words } from './words.ts'

const LINES_MAX = 1000

/** Text of others, line by line, with nothing in it obeyed; of very many lines the first. */
export function TextBlock({ text, label }: { text: string; label: string }) {
  const t = useWords(words)
  const format = useFormat()
  const lines = text.split(/\r?\n/)
  return (
    <div className="text-block">
      {lines.length > LINES_MAX && <p className="small soft">{t.firstLines(format.number(LINES_MAX))}</p>}
      <div className="text-block-lines mono" tabIndex={0} role="region" aria-label={label}>
        {lines.slice(0, LINES_MAX).map((line, index) => (
          <div key={index}>
            <LineText text={line} />
          </div>
        ))}
      </div>
      <CopyButton text={text} />
    </div>
  )
}
