import { IconButton } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { toast } from '../components/toast.tsx'
import { setTheme, useShownTheme, useTheme, type Theme } from '../design/theme.ts'
import { setLanguage, useLanguage, useWords } from '../i18n/language.ts'
import type { Language } from '../i18n/words.ts'
import { signOut } from '../session/requests.ts'
import { useSession } from '../session/session.ts'
import { words } from './words.ts'

export function TopBar({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const t = useWords(words)
  const session = useSession()
  const language = useLanguage()
  const theme = useTheme()
  const shownTheme = useShownTheme()
  const tellFailure = (error: Error) => toast(t.notSignedOut(error.message), 'bad')
  return (
    <header className="top-bar">
      <button type="button" className="palette-button" onClick={onPalette}>
        <Icon name="search" />
        {t.goTo}
        <kbd>Ctrl K</kbd>
      </button>
      <div className="row">
        {'region' in session && (
          <div className="where">
            <span>
              {t.region} <strong>{session.region}</strong>
            </span>
            <span>
              {t.account} <strong className="number">{session.accountId}</strong>
            </span>
          </div>
        )}
        <select
          aria-label={t.language}
          value={language}
          onChange={(event) => setLanguage(event.target.value as Language)}
        >
          <option value="en">English</option>
          <option value="zh">中文</option>
        </select>
        <select
          className="wide-only"
          aria-label={t.theme}
          value={theme}
          onChange={(event) => setTheme(event.target.value as Theme)}
        >
          <option value="system">{t.system}</option>
          <option value="light">{t.light}</option>
          <option value="dark">{t.dark}</option>
        </select>
        <span className="narrow-only">
          <IconButton
            icon={shownTheme === 'dark' ? 'sun' : 'moon'}
            label={shownTheme === 'dark' ? t.light : t.dark}
            onClick={() => setTheme(shownTheme === 'dark' ? 'light' : 'dark')}
          />
        </span>
        <span className="wide-only">
          <IconButton icon="info" label={t.shortcuts} onClick={onHelp} />
        </span>
        <IconButton icon="signOut" label={t.signOut} onClick={() => void signOut().catch(tellFailure)} />
      </div>
    </header>
  )
}
