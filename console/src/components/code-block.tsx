import './code-block.css'
import { useState } from 'react'
import { useWords } from '../i18n/language.ts'
import { IconButton } from './button.tsx'
import { shownText } from './shown-text.ts'
import { words } from './words.ts'

const COPIED_MS = 1500

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useWords(words)
  const [isCopied, setCopied] = useState(false)
  async function copy() {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), COPIED_MS)
  }
  return (
    <IconButton
      small
      icon={isCopied ? 'check' : 'copy'}
      label={isCopied ? t.copied : (label ?? t.copy)}
      onClick={() => void copy()}
    />
  )
}

/** Text as it is, to be read and copied. */
export function CodeBlock({ text, label, wrap = false }: { text: string; label: string; wrap?: boolean }) {
  return (
    <div className={wrap ? 'code-block wrap' : 'code-block'}>
      <pre tabIndex={0} role="region" aria-label={label}>
        {shownText(text)}
      </pre>
      <CopyButton text={text} />
    </div>
  )
}
