import './command-palette.css'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { Icon, type IconName } from '../components/icon.tsx'
import { functionHref, useFunctions } from '../api/functions.ts'
import { useWords } from '../i18n/language.ts'
import { pages } from '../pages.ts'
import { words } from './words.ts'

interface Choice {
  href: string
  text: string
  icon: IconName
}

const SHOWN_MAX = 12

/** One line to get anywhere. */
export function CommandPalette({ onClose, onGo }: { onClose: () => void; onGo: (href: string) => void }) {
  const t = useWords(words)
  const element = useRef<HTMLDialogElement>(null)
  const listId = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const functions = useFunctions()
  useEffect(() => {
    const dialog = element.current!
    dialog.showModal()
    return () => dialog.close()
  }, [])

  const all: Choice[] = [
    ...pages.map(({ name, paths: [path] }) => ({ href: path!, text: t[name], icon: name })),
    ...(functions.data ?? []).map(({ key }) => ({
      href: functionHref(key),
      text: key,
      icon: 'functions' as const,
    })),
  ]
  const sought = text.trim().toLowerCase()
  const found = all.filter((choice) => choice.text.toLowerCase().includes(sought)).slice(0, SHOWN_MAX)
  const selected = Math.min(at, found.length - 1)

  function go({ href }: Choice) {
    onClose()
    onGo(href)
  }
  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((selected + step + found.length) % Math.max(found.length, 1))
    }
    if (event.key === 'Enter' && found[selected]) {
      event.preventDefault()
      go(found[selected])
    }
  }
  return (
    <dialog
      ref={element}
      className="command-palette"
      aria-label={t.goTo}
      onCancel={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={found[selected] && `${listId}-${selected}`}
        aria-label={t.goTo}
        placeholder={t.goTo}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
      />
      <div id={listId} role="listbox" aria-label={t.goTo}>
        {found.map((choice, index) => (
          <div
            key={choice.href}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === selected}
            onMouseMove={() => setAt(index)}
            onClick={() => go(choice)}
          >
            <Icon name={choice.icon} />
            {choice.text}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="soft nothing-found">{t.nothingFound}</p>}
    </dialog>
  )
}
