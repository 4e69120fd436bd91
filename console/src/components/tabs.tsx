import './tabs.css'
import { useRef, type KeyboardEvent } from 'react'
import { Link } from 'wouter'

export interface Tab {
  id: string
  label: string
}

interface TabLinksProps {
  label: string
  tabs: readonly Tab[]
  selected: string
  hrefOf: (id: string) => string
}

/** Tabs that are addresses of their own: links, so that they can be opened, kept and gone back to. */
export function TabLinks({ label, tabs, selected, hrefOf }: TabLinksProps) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.id} href={hrefOf(tab.id)} aria-current={tab.id === selected ? 'page' : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  )
}

interface TabsProps {
  label: string
  tabs: readonly Tab[]
  selected: string
  onSelect: (id: string) => void
  /** The id of the element that the tabs change. */
  panelId: string
}

/** Tabs within a page: arrow keys go from one to the next. */
export function Tabs({ label, tabs, selected, onSelect, panelId }: TabsProps) {
  const list = useRef<HTMLDivElement>(null)
  function move(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const at = tabs.findIndex(({ id }) => id === selected)
    const next = (at + step + tabs.length) % tabs.length
    onSelect(tabs[next]!.id)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map(({ id, label: text }) => (
        <button
          key={id}
          type="button"
          role="tab"
          aria-selected={id === selected}
          aria-controls={panelId}
          tabIndex={id === selected ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {text}
        </button>
      ))}
    </div>
  )
}
