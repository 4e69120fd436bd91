import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { FunctionItem } from '../../../api/functions.ts'
import { Status } from '../../../components/badge.tsx'
import { Button, IconButton } from '../../../components/button.tsx'
import { EmptyState } from '../../../components/states.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { textOf } from '../../../package/text.ts'
import { isFolder, isLink, writePackage } from '../../../package/zip.ts'
import { fileOf, keepDraft, withNewFile, withoutFile, withRenamed, withText, type Draft } from './draft.ts'
import { Editor } from './editor.tsx'
import { FileTree } from './file-tree.tsx'
import { PathDialog } from './path-dialog.tsx'
import { words } from './words.ts'

interface CodeEditorProps {
  item: FunctionItem
  draft: Draft
  isDeploying: boolean
  onDeploy: () => void
  uploadButton: ReactNode
}

export function CodeEditor({ item, draft, isDeploying, onDeploy, uploadButton }: CodeEditorProps) {
  const t = useWords(words)
  const [dialog, setDialog] = useState<'new' | 'rename' | null>(null)
  const paths = draft.files.filter((file) => !isFolder(file)).map(({ path }) => path)
  const { open } = draft
  const change = (next: Draft) => keepDraft(item.key, next)
  useSaveKey(() => draft.isChanged && !isDeploying && onDeploy())

  return (
    <div className="card flush code-editor">
      <div className="card-head">
        <div className="row">
          <Status tone={draft.isChanged ? 'warn' : 'good'}>{draft.isChanged ? t.unsaved : t.upToDate}</Status>
          {draft.isChanged && (
            <Button small kind="quiet" onClick={() => keepDraft(item.key, null)}>
              {t.discard}
            </Button>
          )}
        </div>
        <div className="row">
          <IconButton icon="download" label={t.download} onClick={() => download(item, draft)} />
          {uploadButton}
          <Button kind="primary" busy={isDeploying} disabled={!draft.isChanged} title={t.deployHint} onClick={onDeploy}>
            {t.deploy}
          </Button>
        </div>
      </div>
      <div className="code-panes">
        <div className="code-files">
          <div className="row spread">
            <h2>{t.files}</h2>
            <div>
              <IconButton small icon="plus" label={t.newFile} onClick={() => setDialog('new')} />
              <IconButton
                small
                icon="edit"
                label={t.rename}
                disabled={open === null}
                onClick={() => setDialog('rename')}
              />
              <IconButton
                small
                icon="trash"
                label={t.deleteFile}
                disabled={open === null}
                onClick={() => open !== null && change(withoutFile(draft, open))}
              />
            </div>
          </div>
          <FileTree
            label={t.files}
            paths={paths}
            selected={open}
            onSelect={(path) => change({ ...draft, open: path })}
          />
        </div>
        <OpenFile item={item} draft={draft} />
      </div>
      {dialog === 'new' && (
        <PathDialog
          title={t.newFile}
          initial=""
          taken={new Set(paths)}
          onClose={() => setDialog(null)}
          onPath={(path) => change(withNewFile(draft, path))}
        />
      )}
      {dialog === 'rename' && open !== null && (
        <PathDialog
          title={t.rename}
          initial={open}
          taken={new Set(paths.filter((path) => path !== open))}
          onClose={() => setDialog(null)}
          onPath={(path) => change(withRenamed(draft, open, path))}
        />
      )}
    </div>
  )
}

function OpenFile({ item, draft }: { item: FunctionItem; draft: Draft }) {
  const t = useWords(words)
  const { bytes } = useFormat()
  const file = fileOf(draft, draft.open)
  if (file === undefined) return <EmptyState icon="file" title={t.noFile} />
  const text = textOf(file.bytes)
  if (isLink(file)) return <EmptyState icon="link" title={t.link(text ?? '')} />
  if (text === null) return <EmptyState icon="file" title={t.binary(bytes(file.bytes.length))} />
  return (
    <Editor
      path={file.path}
      label={t.editor(file.path)}
      text={text}
      onChange={(changed) => keepDraft(item.key, withText(draft, file.path, changed))}
    />
  )
}

function download(item: FunctionItem, { files }: Draft): void {
  const url = URL.createObjectURL(new Blob([writePackage(files, Date.now())], { type: 'application/zip' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${item.functionName}.zip`
  link.click()
  URL.revokeObjectURL(url)
}

/** Ctrl+S, wherever the focus is. */
function useSaveKey(onSave: () => void): void {
  const now = useRef(onSave)
  now.current = onSave
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      now.current()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
