import { useState } from 'react'
import { api } from '../../api/client.ts'
import { FC3, functionPath, type FunctionItem } from '../../api/functions.ts'
import { useChange } from '../../api/use-api.ts'
import { Button } from '../../components/button.tsx'
import { TextField } from '../../components/field.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { SettingsFields } from './settings-fields.tsx'
import { changesOf, problemsOf, settingsOf } from './settings.ts'
import { words } from './words.ts'

export default function ConfigurationTab({ item }: { item: FunctionItem }) {
  // What was saved, here or elsewhere, is a new beginning.
  return <ConfigurationForm key={item.lastModifiedTime} item={item} />
}

function ConfigurationForm({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const { bytes, dateTime } = useFormat()
  const before = settingsOf(item)
  const [settings, setSettings] = useState(before)
  const body = changesOf(settings, before, item.runtime)
  const isChanged = Object.keys(body).length > 0
  const save = useChange(() => api(functionPath(item.key), { method: 'PUT', json: body }), [`${FC3}/functions`])
  return (
    <form
      className="card stack loose functions-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(undefined, { onSuccess: () => toast(t.saved) })
      }}
    >
      <dl className="facts">
        <dt>{t.runtime}</dt>
        <dd>{item.runtime}</dd>
        <dt>{t.code}</dt>
        <dd className="number">
          {bytes(item.codeSize)} · {t.checksum} {item.codeChecksum || '–'}
        </dd>
        <dt>{t.created}</dt>
        <dd className="number">{dateTime(Date.parse(item.createdTime))}</dd>
        <dt>{t.changed}</dt>
        <dd className="number">{dateTime(Date.parse(item.lastModifiedTime))}</dd>
      </dl>
      <section className="stack">
        <h2>{t.basics}</h2>
        <div className="grid functions-fields">
          <TextField
            label={t.description}
            value={settings.description}
            maxLength={256}
            onChange={(event) => setSettings({ ...settings, description: event.target.value })}
          />
          <TextField
            label={t.handler}
            help={t.handlerHelp}
            value={settings.handler}
            maxLength={128}
            onChange={(event) => setSettings({ ...settings, handler: event.target.value })}
          />
        </div>
      </section>
      <SettingsFields settings={settings} runtime={item.runtime} onChange={setSettings} />
      {save.error && <ErrorNotice error={save.error} />}
      <div className="row">
        <Button
          type="submit"
          kind="primary"
          busy={save.isPending}
          disabled={!isChanged || problemsOf(settings).length > 0}
        >
          {t.save}
        </Button>
        {!isChanged && <span className="help">{t.unchanged}</span>}
      </div>
    </form>
  )
}
