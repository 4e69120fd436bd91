import type { ReactNode } from 'react'
import { api } from '../api/client.ts'
import { useChange } from '../api/use-api.ts'
import { useWords } from '../i18n/language.ts'
import { ConfirmDialog } from './dialog.tsx'
import { ErrorNotice } from './states.tsx'
import { toast } from './toast.tsx'
import { words } from './words.ts'

interface DeleteDialogProps {
  title: string
  /** What is deleted: the thing of that name below the path. */
  path: string
  name: string
  /** What follows from it. */
  children: ReactNode
  onClose: () => void
}

/** Asks, deletes, and says so. */
export function DeleteDialog({ title, path, name, children, onClose }: DeleteDialogProps) {
  const t = useWords(words)
  const remove = useChange(() => api(`${path}/${encodeURIComponent(name)}`, { method: 'DELETE' }), [path])
  return (
    <ConfirmDialog
      title={title}
      confirmLabel={t.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            toast(t.deleted(name))
            onClose()
          },
        })
      }
    >
      <p>{children}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
