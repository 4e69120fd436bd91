/** CodeMirror, in the colours of the design system. */
import { basicSetup } from 'codemirror'
import { HighlightStyle, syntaxHighlighting, type LanguageSupport } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword], color: 'var(--chart-3)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--chart-4)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--chart-2)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--chart-1)' },
  { tag: [tags.typeName, tags.className, tags.tagName], color: 'var(--info)' },
  { tag: [tags.comment, tags.docComment], color: 'var(--text-soft)', fontStyle: 'italic' },
  { tag: [tags.meta, tags.annotation], color: 'var(--text-soft)' },
])

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', color: 'var(--text)', background: 'var(--surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { background: 'var(--sunken)', color: 'var(--text-soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { background: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 28%, transparent)',
  },
  '.cm-panels': { background: 'var(--raised)', color: 'var(--text)' },
  '.cm-textfield, .cm-button': {
    background: 'var(--surface)',
    color: 'var(--text)',
    borderColor: 'var(--line-strong)',
  },
  '.cm-tooltip': { background: 'var(--raised)', borderColor: 'var(--line)', color: 'var(--text)' },
})

async function languageOf(path: string): Promise<LanguageSupport[]> {
  const extension = /\.(\w+)$/.exec(path)?.[1] ?? ''
  switch (extension) {
    case 'js':
    case 'cjs':
    case 'mjs':
    case 'jsx':
    case 'json':
      return [(await import('@codemirror/lang-javascript')).javascript({ jsx: extension === 'jsx' })]
    case 'ts':
    case 'mts':
    case 'cts':
    case 'tsx':
      return [(await import('@codemirror/lang-javascript')).javascript({ typescript: true, jsx: extension === 'tsx' })]
    case 'py':
      return [(await import('@codemirror/lang-python')).python()]
    case 'php':
      return [(await import('@codemirror/lang-php')).php()]
    case 'java':
      return [(await import('@codemirror/lang-java')).java()]
    default:
      return []
  }
}

/** The Tab key leaves the editor, as everywhere on the page. */
export async function createEditor(path: string, label: string, text: string, onChange: (text: string) => void) {
  const language = await languageOf(path)
  return {
    mount(root: ShadowRoot): EditorView {
      const state = EditorState.create({
        doc: text,
        extensions: [
          basicSetup,
          look,
          syntaxHighlighting(highlight),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
          ...language,
        ],
      })
      return new EditorView({ state, root, parent: root })
    },
  }
}
