import { useMutation } from '@tanstack/react-query'
import type { ApiError } from '../../api/errors.ts'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { deleteObject } from './oss-client.ts'
import { words } from './words.ts'

interface Props {
  bucket: string
  keys: readonly string[]
  title: string
  onClose: () => void
}

/** One after the other, so that it is clear which could not be deleted. */
export function DeleteObjects({ bucket, keys, title, onClose }: Props) {
  const t = useWords(words)
  const remove = useMutation<void, ApiError>({
    mutationFn: async () => {
      for (const key of keys) await deleteObject(bucket, key)
    },
    onSuccess: () => {
      toast(t.deleted)
      onClose()
    },
  })
  return (
    <ConfirmDialog
      title={title}
      confirmLabel={t.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      <p>{t.deleteText}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
