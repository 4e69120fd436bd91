import { useEffect, useRef } from 'react'
import { pages } from '../pages.ts'

interface Shortcuts {
  onGo: (path: string) => void
  onPalette: () => void
  onHelp: () => void
}

/** After `g` a letter may follow for so long. */
const SEQUENCE_MS = 1200

/** Keys of the whole console; where text is typed they are text. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const now = useRef(shortcuts)
  now.current = shortcuts
  useEffect(() => {
    let goSince = -SEQUENCE_MS
    function onKey(event: KeyboardEvent) {
      if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
        event.preventDefault()
        return now.current.onPalette()
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.composedPath()[0])) return
      if (document.querySelector('dialog[open]')) return
      const page = pages.find(({ letter }) => letter === event.key)
      if (event.timeStamp - goSince < SEQUENCE_MS && page) {
        goSince = -SEQUENCE_MS
        return now.current.onGo(page.paths[0]!)
      }
      if (event.key === 'g') goSince = event.timeStamp
      if (event.key === '?') now.current.onHelp()
      if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('[data-search-field]')
        if (!field) return
        event.preventDefault()
        field.focus()
        field.select()
      }
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

function isTyping(target: EventTarget | undefined): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
