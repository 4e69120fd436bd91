import { useEffect, useRef } from 'react'
import type { EditorView } from '@codemirror/view'
import { Skeleton } from '../../../components/states.tsx'

interface EditorProps {
  /** Which file: another one gets a new history of changes. */
  path: string
  label: string
  text: string
  onChange: (text: string) => void
}

/** The code editor; it and the language of the file are loaded when they are needed first. */
export function Editor({ path, label, text, onChange }: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const now = useRef({ text, onChange })
  now.current = { text, onChange }
  const view = useRef<EditorView>(undefined)
  const isReplacing = useRef(false)
  useEffect(() => {
    let isGone = false
    async function open() {
      const { createEditor } = await import('./create-editor.ts')
      const made = await createEditor(path, label, now.current.text, (changed) => {
        if (!isReplacing.current) now.current.onChange(changed)
      })
      if (isGone) return
      // A shadow root: there the editor's styles are adopted sheets, which the page's security policy allows.
      const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
      root.replaceChildren()
      view.current = made.mount(root)
    }
    void open()
    return () => {
      isGone = true
      view.current?.destroy()
      view.current = undefined
    }
  }, [path, label])
  // What was typed is there already; what comes from elsewhere (a discarded draft, a new package) is not.
  useEffect(() => {
    const shown = view.current?.state.doc
    if (!shown || shown.toString() === text) return
    isReplacing.current = true
    view.current!.dispatch({ changes: { from: 0, to: shown.length, insert: text } })
    isReplacing.current = false
  }, [text])
  return (
    <div className="editor" ref={host}>
      <Skeleton lines={8} />
    </div>
  )
}
