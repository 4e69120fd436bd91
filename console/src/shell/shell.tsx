import './shell.css'
import { useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { IconButton } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { useWords } from '../i18n/language.ts'
import { pages } from '../pages.ts'
import { CommandPalette } from './command-palette.tsx'
import { Logo } from './logo.tsx'
import { ShortcutHelp } from './shortcut-help.tsx'
import { TopBar } from './top-bar.tsx'
import { useShortcuts } from './use-shortcuts.ts'
import { words } from './words.ts'

/** What is around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useWords(words)
  const [location, navigate] = useLocation()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [overlay, setOverlay] = useState<'palette' | 'help' | null>(null)
  useShortcuts({ onGo: navigate, onPalette: () => setOverlay('palette'), onHelp: () => setOverlay('help') })
  useEffect(() => setMenuOpen(false), [location])
  const close = () => setOverlay(null)
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        {t.skip}
      </a>
      <aside className={isMenuOpen ? 'side open' : 'side'}>
        <div className="brand">
          <Link href="/" className="brand-link">
            <Logo /> Sluice
          </Link>
          <span className="menu-toggle">
            <IconButton
              icon={isMenuOpen ? 'close' : 'menu'}
              label={isMenuOpen ? t.closeMenu : t.openMenu}
              aria-expanded={isMenuOpen}
              aria-controls="navigation"
              onClick={() => setMenuOpen(!isMenuOpen)}
            />
          </span>
        </div>
        <nav id="navigation" aria-label={t.navigation}>
          <ul>
            {pages.map(({ name, paths: [path], load }) => (
              <li key={name}>
                <Link
                  href={path!}
                  aria-current={isWithin(location, path!) ? 'page' : undefined}
                  onPointerEnter={() => void load()}
                >
                  <Icon name={name} size={18} />
                  {t[name]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </aside>
      <TopBar onPalette={() => setOverlay('palette')} onHelp={() => setOverlay('help')} />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      {overlay === 'palette' && <CommandPalette onClose={close} onGo={navigate} />}
      {overlay === 'help' && <ShortcutHelp onClose={close} />}
    </div>
  )
}

const isWithin = (location: string, path: string) =>
  location === path || (path !== '/' && location.startsWith(`${path}/`))
