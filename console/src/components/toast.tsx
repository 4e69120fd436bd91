import './toast.css'
import { createStore, useStore } from '../store.ts'
import { useWords } from '../i18n/language.ts'
import { IconButton } from './button.tsx'
import { Icon } from './icon.tsx'
import { words } from './words.ts'

interface Toast {
  id: number
  tone: 'good' | 'bad'
  text: string
}

const GOOD_MS = 4000
/** What failed stays long enough to be read. */
const BAD_MS = 12_000
const TOASTS_MAX = 4

const store = createStore<readonly Toast[]>([])
let lastId = 0

/** Says for a moment what was done, or what failed. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++lastId
  store.set([...store.get(), { id, tone, text }].slice(-TOASTS_MAX))
  setTimeout(() => remove(id), tone === 'good' ? GOOD_MS : BAD_MS)
}

/** For `onError` of what changes something. */
export const toastError = (error: Error): void => toast(error.message, 'bad')

const remove = (id: number) => store.set(store.get().filter((shown) => shown.id !== id))

export function Toasts() {
  const t = useWords(words)
  const shown = useStore(store)
  return (
    <div className="toasts" role="status">
      {shown.map(({ id, tone, text }) => (
        <div key={id} className={`toast ${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} />
          <span>{text}</span>
          <IconButton small icon="close" label={t.close} onClick={() => remove(id)} />
        </div>
      ))}
    </div>
  )
}
