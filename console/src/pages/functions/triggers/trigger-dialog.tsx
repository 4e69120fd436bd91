import { useState } from 'react'
import { api } from '../../../api/client.ts'
import type { FunctionItem } from '../../../api/functions.ts'
import { useChange } from '../../../api/use-api.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { SelectField, TextField } from '../../../components/field.tsx'
import { ErrorNotice } from '../../../components/states.tsx'
import { toast } from '../../../components/toast.tsx'
import { useWords } from '../../../i18n/language.ts'
import { useSession } from '../../../session/session.ts'
import { QualifierField } from '../versions/qualifier-field.tsx'
import {
  configFrom,
  configOf,
  formOf,
  isComplete,
  newTrigger,
  sourceArnOf,
  TRIGGER_TYPES,
  type Trigger,
  type TriggerForm,
  type TriggerType,
} from './trigger-form.ts'
import { TypeFields } from './type-fields.tsx'
import { triggersPath } from './use-triggers.ts'
import { words } from './words.ts'

interface TriggerDialogProps {
  item: FunctionItem
  /** null: a new one. */
  trigger: Trigger | null
  onClose: () => void
}

export function TriggerDialog({ item, trigger, onClose }: TriggerDialogProps) {
  const t = useWords(words)
  const session = useSession()
  const [form, setForm] = useState<TriggerForm>(trigger === null ? newTrigger : formOf(trigger))
  const set = (part: Partial<TriggerForm>) => setForm({ ...form, ...part })
  const path = triggersPath(item.key)

  const save = useChange(() => {
    const before = trigger === null ? {} : configOf(trigger)
    const json = {
      description: form.description,
      qualifier: form.qualifier || 'LATEST',
      triggerConfig: JSON.stringify(configFrom(form, before)),
    }
    if (trigger !== null) return api(`${path}/${encodeURIComponent(form.name)}`, { method: 'PUT', json })
    const sourceArn = 'region' in session ? sourceArnOf(form, session) : undefined
    return api(path, {
      method: 'POST',
      json: { ...json, triggerName: form.name, triggerType: form.type, ...(sourceArn && { sourceArn }) },
    })
  }, [path, '/sluice/v1/triggers'])
  const submit = () =>
    isComplete(form) &&
    save.mutate(undefined, {
      onSuccess: () => {
        toast(t.saved(form.name))
        onClose()
      },
    })
  return (
    <Dialog
      wide
      title={trigger === null ? t.create : `${t.edit} ${trigger.triggerName}`}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={save.isPending} disabled={!isComplete(form)}>
          {trigger === null ? t.create : t.save}
        </Button>
      }
    >
      {trigger === null && (
        <div className="grid trigger-fields">
          <SelectField
            label={t.type}
            value={form.type}
            options={TRIGGER_TYPES.map((type) => ({ value: type, label: t[type] }))}
            onChange={(event) => set({ type: event.target.value as TriggerType })}
          />
          <TextField
            label={t.name}
            autoFocus
            maxLength={128}
            value={form.name}
            error={form.name === '' || /^[A-Za-z_][A-Za-z0-9_-]*$/.test(form.name) ? undefined : t.nameProblem}
            onChange={(event) => set({ name: event.target.value })}
          />
        </div>
      )}
      <TypeFields form={form} isNew={trigger === null} onChange={set} />
      <div className="grid trigger-fields">
        <QualifierField
          functionKey={item.key}
          label={t.qualifier}
          value={form.qualifier}
          onChange={(qualifier) => set({ qualifier })}
        />
        <TextField
          label={t.description}
          maxLength={256}
          value={form.description}
          onChange={(event) => set({ description: event.target.value })}
        />
      </div>
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}
