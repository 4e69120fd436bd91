import { api } from '../../../api/client.ts'
import { useChange } from '../../../api/use-api.ts'
import { ConfirmDialog } from '../../../components/dialog.tsx'
import { ErrorNotice } from '../../../components/states.tsx'
import { toast } from '../../../components/toast.tsx'
import { useWords } from '../../../i18n/language.ts'
import { words } from './words.ts'

/** Deletes a version or an alias: the one of that name below the path. */
export function DeleteDialog({
  title,
  name,
  path,
  onClose,
}: {
  title: string
  name: string
  path: string
  onClose: () => void
}) {
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
      <p>{t.deleteText(name)}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
