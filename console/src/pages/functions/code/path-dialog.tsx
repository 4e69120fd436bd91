import { useState } from 'react'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { TextField } from '../../../components/field.tsx'
import { useWords } from '../../../i18n/language.ts'
import { pathProblem } from '../../../package/paths.ts'
import { words } from './words.ts'

interface PathDialogProps {
  title: string
  initial: string
  taken: ReadonlySet<string>
  onPath: (path: string) => void
  onClose: () => void
}

/** Asks for the path of a file. */
export function PathDialog({ title, initial, taken, onPath, onClose }: PathDialogProps) {
  const t = useWords(words)
  const [path, setPath] = useState(initial)
  const problem = pathProblem(path, taken)
  const submit = () => {
    if (problem !== null) return
    onPath(path)
    onClose()
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button type="submit" kind="primary" disabled={problem !== null}>
            {title}
          </Button>
        </>
      }
    >
      <TextField
        label={t.path}
        help={t.pathHelp}
        autoFocus
        value={path}
        error={problem === 'form' ? t.pathForm : problem === 'taken' ? t.pathTaken : undefined}
        onChange={(event) => setPath(event.target.value)}
      />
    </Dialog>
  )
}
