import { useState } from 'react'
import { api } from '../../../api/client.ts'
import { useApi, useChange } from '../../../api/use-api.ts'
import { Button, IconButton } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { TextField } from '../../../components/field.tsx'
import { ErrorNotice } from '../../../components/states.tsx'
import { toast, toastError } from '../../../components/toast.tsx'
import { useWords } from '../../../i18n/language.ts'
import { templates } from './templates.ts'
import { words } from './words.ts'

interface TestEvent {
  name: string
  body: string
  contentType: string
}

interface EventPickerProps {
  functionKey: string
  body: string
  onBody: (body: string) => void
}

const PATH = '/sluice/v1/test-events'

/** Events that were saved with the function, and templates of each trigger type. */
export function EventPicker({ functionKey, body, onBody }: EventPickerProps) {
  const t = useWords(words)
  const saved = useApi<{ events: TestEvent[] }>(PATH, { function: functionKey })
  const [selected, setSelected] = useState('')
  const [isSaving, setSaving] = useState(false)
  const events = saved.data?.events ?? []
  const remove = useChange(
    (name: string) =>
      api(`${PATH}/${encodeURIComponent(name)}`, { method: 'DELETE', query: { function: functionKey } }),
    [PATH],
  )
  const savedName = selected.startsWith('saved ') ? selected.slice('saved '.length) : undefined
  function select(value: string) {
    setSelected(value)
    const event = events.find(({ name }) => `saved ${name}` === value)
    const template = templates.find(({ name }) => name === value)
    if (event ?? template) onBody((event ?? template)!.body)
  }
  return (
    <div className="row">
      <select className="grow" aria-label={t.choose} value={selected} onChange={(event) => select(event.target.value)}>
        <option value="">{t.choose}</option>
        {events.length > 0 && (
          <optgroup label={t.saved}>
            {events.map(({ name }) => (
              <option key={name} value={`saved ${name}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
        <optgroup label={t.template}>
          {templates.map(({ name }) => (
            <option key={name} value={name}>
              {t[name]}
            </option>
          ))}
        </optgroup>
      </select>
      <Button onClick={() => setSaving(true)}>{t.save}</Button>
      {savedName !== undefined && (
        <IconButton
          icon="trash"
          label={t.deleteEvent}
          busy={remove.isPending}
          onClick={() =>
            remove.mutate(savedName, {
              onSuccess: () => {
                setSelected('')
                toast(t.deletedNow(savedName))
              },
              onError: toastError,
            })
          }
        />
      )}
      {isSaving && (
        <SaveDialog
          functionKey={functionKey}
          body={body}
          initialName={savedName ?? ''}
          onClose={() => setSaving(false)}
          onSaved={(name) => setSelected(`saved ${name}`)}
        />
      )}
    </div>
  )
}

interface SaveDialogProps {
  functionKey: string
  body: string
  initialName: string
  onClose: () => void
  onSaved: (name: string) => void
}

function SaveDialog({ functionKey, body, initialName, onClose, onSaved }: SaveDialogProps) {
  const t = useWords(words)
  const [name, setName] = useState(initialName)
  const save = useChange(
    () =>
      api(`${PATH}/${encodeURIComponent(name)}`, {
        method: 'PUT',
        query: { function: functionKey },
        json: { body },
      }),
    [PATH],
  )
  const submit = () =>
    name.trim() !== '' &&
    save.mutate(undefined, {
      onSuccess: () => {
        onSaved(name)
        toast(t.savedNow(name))
        onClose()
      },
    })
  return (
    <Dialog
      title={t.saveTitle}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={save.isPending} disabled={name.trim() === ''}>
          {t.saveTitle}
        </Button>
      }
    >
      <TextField
        label={t.name}
        help={t.saveHelp}
        autoFocus
        value={name}
        maxLength={64}
        onChange={(event) => setName(event.target.value)}
      />
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}
