import './key-value-editor.css'
import type { ClipboardEvent } from 'react'
import { useWords } from '../i18n/language.ts'
import { Button, IconButton } from './button.tsx'
import { parseKeyValueLines, type Pair } from './key-value-lines.ts'
import { words } from './words.ts'

export type { Pair } from './key-value-lines.ts'

interface KeyValueEditorProps {
  legend: string
  pairs: readonly Pair[]
  onChange: (pairs: Pair[]) => void
}

/** Names with their values, such as environment variables. */
export function KeyValueEditor({ legend, pairs, onChange }: KeyValueEditorProps) {
  const t = useWords(words)
  const change = (at: number, part: Partial<Pair>) =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...part } : pair)))
  function paste(event: ClipboardEvent, at: number) {
    const pasted = parseKeyValueLines(event.clipboardData.getData('text'))
    if (pasted.length === 0) return
    event.preventDefault()
    onChange(pairs.toSpliced(at, 1, ...pasted))
  }
  return (
    <fieldset className="key-value-editor">
      <legend>{legend}</legend>
      {pairs.map((pair, at) => (
        // A row is its place: its name changes while it is typed.
        <div className="pair" key={at}>
          <input
            aria-label={`${legend}: ${t.key}`}
            placeholder={t.key}
            value={pair.key}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => change(at, { key: event.target.value })}
            onPaste={(event) => paste(event, at)}
          />
          <input
            aria-label={`${legend}: ${t.value}`}
            placeholder={t.value}
            value={pair.value}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => change(at, { value: event.target.value })}
          />
          <IconButton icon="trash" label={t.remove(pair.key)} onClick={() => onChange(pairs.toSpliced(at, 1))} />
        </div>
      ))}
      <div className="row">
        <Button small icon="plus" onClick={() => onChange([...pairs, { key: '', value: '' }])}>
          {t.add}
        </Button>
        {pairs.length > 0 && <span className="help">{t.pasteHint}</span>}
      </div>
    </fieldset>
  )
}
