import { Dialog } from '../components/dialog.tsx'
import { useWords } from '../i18n/language.ts'
import { pages } from '../pages.ts'
import { words } from './words.ts'

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const t = useWords(words)
  return (
    <Dialog title={t.shortcuts} onClose={onClose}>
      <dl className="shortcut-list">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>{t.shortcutSearch}</dd>
        <dt>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </dt>
        <dd>{t.shortcutPalette}</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>{t.shortcutHelp}</dd>
      </dl>
      <h3>{t.shortcutPages}</h3>
      <dl className="shortcut-list">
        {pages.map(({ name, letter }) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>
              <kbd>g</kbd> <kbd>{letter}</kbd>
            </dt>
            <dd>{t[name]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
