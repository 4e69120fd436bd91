import './code.css'
import { useEffect, useState } from 'react'
import type { FunctionItem } from '../../../api/functions.ts'
import { Button } from '../../../components/button.tsx'
import { ConfirmDialog } from '../../../components/dialog.tsx'
import { EmptyState, ErrorNotice, Skeleton } from '../../../components/states.tsx'
import { toast, toastError } from '../../../components/toast.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import type { PackageFile } from '../../../package/zip.ts'
import { CodeEditor } from './code-editor.tsx'
import { readChosenZip } from './choose-zip.ts'
import { CodeConflict, useDeploy, useDraft } from './use-draft.ts'
import { words } from './words.ts'

export default function CodeTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const { bytes } = useFormat()
  const { draft, error, isEditable, retry } = useDraft(item)
  const deploy = useDeploy(item)
  const [contested, setContested] = useState<readonly PackageFile[] | null>(null)

  function send(files: readonly PackageFile[], checksum: string | null) {
    deploy.mutate(
      { files, checksum },
      {
        onSuccess: () => {
          setContested(null)
          toast(t.deployed)
        },
        onError: (failure) => (failure instanceof CodeConflict ? setContested(files) : toastError(failure)),
      },
    )
  }
  async function upload() {
    try {
      const files = await readChosenZip()
      if (files) send(files, draft?.checksum ?? null)
    } catch {
      toast(t.badZip, 'bad')
    }
  }
  useWarningBeforeLeaving(draft?.isChanged ?? false)

  const uploadButton = (
    <Button icon="upload" busy={deploy.isPending} onClick={() => void upload()}>
      {t.upload}
    </Button>
  )
  if (item.runtime === 'custom-container') {
    return (
      <EmptyState icon="runtimes" title={t.noPackage}>
        <p>{t.noPackageText}</p>
        <code>{item.customContainerConfig?.image}</code>
      </EmptyState>
    )
  }
  if (!isEditable) {
    return (
      <EmptyState icon="file" title={t.tooLarge(bytes(item.codeSize))} action={uploadButton}>
        {t.tooLargeText}
      </EmptyState>
    )
  }
  if (draft === undefined) return error ? <ErrorNotice error={error} onRetry={retry} /> : <Skeleton lines={8} />
  return (
    <>
      <CodeEditor
        item={item}
        draft={draft}
        isDeploying={deploy.isPending}
        onDeploy={() => send(draft.files, draft.checksum)}
        uploadButton={uploadButton}
      />
      {contested !== null && (
        <ConfirmDialog
          title={t.conflict}
          confirmLabel={t.conflictConfirm}
          busy={deploy.isPending}
          onConfirm={() => send(contested, null)}
          onClose={() => setContested(null)}
        >
          {t.conflictText}
        </ConfirmDialog>
      )}
    </>
  )
}

/** Within the console edits are kept; leaving it would lose them. */
function useWarningBeforeLeaving(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return undefined
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isChanged])
}
