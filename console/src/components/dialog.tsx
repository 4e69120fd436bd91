import './dialog.css'
import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { useWords } from '../i18n/language.ts'
import { Button, IconButton } from './button.tsx'
import { TextField } from './field.tsx'
import { words } from './words.ts'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  /** Buttons, below the content. */
  actions?: ReactNode
  /** The dialog is a form; called when it is sent. */
  onSubmit?: () => void
  wide?: boolean
  /** It cannot be left without an answer. */
  mustAnswer?: boolean
}

/** Shown as long as it is rendered; Escape closes, focus stays within and goes back where it was. */
export function Dialog({ title, onClose, children, actions, onSubmit, wide, mustAnswer = false }: DialogProps) {
  const t = useWords(words)
  const titleId = useId()
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current!
    dialog.showModal()
    return () => dialog.close()
  }, [])
  const send = (event: FormEvent) => {
    event.preventDefault()
    // React passes events on to the components around, where another form may be.
    event.stopPropagation()
    onSubmit?.()
  }
  return (
    <dialog
      ref={element}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        if (!mustAnswer) onClose()
      }}
    >
      <form noValidate onSubmit={send}>
        <header>
          <h2 id={titleId}>{title}</h2>
          {!mustAnswer && <IconButton small icon="close" label={t.close} onClick={onClose} />}
        </header>
        <div className="dialog-body stack">{children}</div>
        {actions && <footer>{actions}</footer>}
      </form>
    </dialog>
  )
}

interface ConfirmDialogProps {
  title: string
  children: ReactNode
  confirmLabel: string
  busy?: boolean
  /** What must be typed first, for what cannot be undone. */
  typed?: string
  onConfirm: () => void
  onClose: () => void
}

/** Asks before something is destroyed. */
export function ConfirmDialog({ title, children, confirmLabel, busy, typed, onConfirm, onClose }: ConfirmDialogProps) {
  const t = useWords(words)
  const [text, setText] = useState('')
  const mayConfirm = typed === undefined || text === typed
  const actions = (
    <>
      <Button onClick={onClose}>{t.cancel}</Button>
      <Button type="submit" kind="danger" busy={busy ?? false} disabled={!mayConfirm}>
        {confirmLabel}
      </Button>
    </>
  )
  return (
    <Dialog title={title} onClose={onClose} onSubmit={() => mayConfirm && onConfirm()} actions={actions}>
      <div>{children}</div>
      {typed !== undefined && (
        <TextField label={t.typeToConfirm(typed)} value={text} onChange={(event) => setText(event.target.value)} />
      )}
    </Dialog>
  )
}
