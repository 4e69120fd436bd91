import { useState } from 'react'
import type { AlertRoute } from '../../../../server/src/alerts/port.ts'
import { useFunctions } from '../../api/functions.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField, TextArea, TextField } from '../../components/field.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { useSaveRoute } from './data.ts'
import { words } from './words.ts'

interface Form {
  name: string
  kind: AlertRoute['kind']
  url: string
  secret: string
  to: string
  functionKey: string
  qualifier: string
}

const NEW: Form = { name: '', kind: 'webhook', url: '', secret: '', to: '', functionKey: '', qualifier: 'LATEST' }

function formOf(route: AlertRoute): Form {
  if (route.kind === 'webhook') return { ...NEW, ...route, secret: '' }
  if (route.kind === 'email') return { ...NEW, ...route, to: route.to.join('\n') }
  return { ...NEW, ...route }
}

/** A secret that is not typed is not sent: it stays. */
function inputOf({ name, kind, url, secret, to, functionKey, qualifier }: Form): object {
  if (kind === 'webhook') return { name, kind, url: url.trim(), ...(secret !== '' && { secret }) }
  if (kind === 'email') return { name, kind, to: to.split(/[\s,;]+/).filter((address) => address !== '') }
  return { name, kind, functionKey, qualifier }
}

export function RouteDialog({ before, onClose }: { before?: AlertRoute; onClose: () => void }) {
  const t = useWords(words)
  const [form, setForm] = useState(before === undefined ? NEW : formOf(before))
  const save = useSaveRoute(before?.name)
  const change = (changed: Partial<Form>) => setForm({ ...form, ...changed })
  const submit = () =>
    save.mutate(inputOf(form), {
      onSuccess: () => {
        toast(t.saved)
        onClose()
      },
    })
  const actions = (
    <>
      <Button onClick={onClose}>{t.cancel}</Button>
      <Button type="submit" kind="primary" busy={save.isPending}>
        {before === undefined ? t.create : t.save}
      </Button>
    </>
  )
  return (
    <Dialog
      title={before === undefined ? t.newRoute : t.editRoute(before.name)}
      onClose={onClose}
      onSubmit={submit}
      actions={actions}
    >
      <TextField
        label={t.name}
        help={t.nameHelp}
        value={form.name}
        disabled={before !== undefined}
        onChange={({ target }) => change({ name: target.value })}
      />
      <SelectField
        label={t.kindOfRoute}
        value={form.kind}
        options={[
          { value: 'webhook', label: t.webhook },
          { value: 'email', label: t.email },
          { value: 'function', label: t.functionRoute },
        ]}
        onChange={({ target }) => change({ kind: target.value as Form['kind'] })}
      />
      {form.kind === 'webhook' && (
        <>
          <TextField
            label={t.url}
            type="url"
            placeholder="https://"
            value={form.url}
            onChange={({ target }) => change({ url: target.value })}
          />
          <TextField
            label={t.secret}
            help={before === undefined ? t.secretHelp : `${t.secretHelp} ${t.secretKept}`}
            type="password"
            autoComplete="new-password"
            value={form.secret}
            onChange={({ target }) => change({ secret: target.value })}
          />
        </>
      )}
      {form.kind === 'email' && (
        <TextArea
          label={t.recipients}
          help={t.recipientsHelp}
          value={form.to}
          onChange={({ target }) => change({ to: target.value })}
        />
      )}
      {form.kind === 'function' && <FunctionFields form={form} onChange={change} />}
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}

function FunctionFields({ form, onChange }: { form: Form; onChange: (change: Partial<Form>) => void }) {
  const t = useWords(words)
  const functions = useFunctions().data ?? []
  return (
    <>
      <TextField
        label={t.function}
        list="alerts-route-functions"
        value={form.functionKey}
        onChange={({ target }) => onChange({ functionKey: target.value })}
      />
      <datalist id="alerts-route-functions">
        {functions.map(({ key }) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <TextField
        label={t.qualifier}
        value={form.qualifier}
        onChange={({ target }) => onChange({ qualifier: target.value })}
      />
    </>
  )
}
