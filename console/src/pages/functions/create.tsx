import './functions.css'
import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { functionHref, useServices } from '../../api/functions.ts'
import { useRuntimes } from '../../api/runtimes.ts'
import { Button, ButtonLink } from '../../components/button.tsx'
import { Field, SelectField, TextField } from '../../components/field.tsx'
import { ErrorNotice, QueryView } from '../../components/states.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { starterFor } from '../../package/starters.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { codeSourcesOf, defaultRuntime, useCreateFunction, type CodeSource } from './creation.ts'
import { isName } from './names.ts'
import { RuntimeField } from './runtime-field.tsx'
import { SettingsFields } from './settings-fields.tsx'
import { newSettings, problemsOf } from './settings.ts'
import { words } from './words.ts'

export default function CreateFunction() {
  const t = useWords(words)
  const runtimes = useRuntimes()
  return (
    <>
      <PageHead title={t.createFunction} lead={t.createLead} />
      <QueryView query={runtimes}>
        {({ runtimes: list }) => <CreateForm runtimes={list} initialRuntime={defaultRuntime(list)} />}
      </QueryView>
    </>
  )
}

interface CreateFormProps {
  runtimes: Parameters<typeof defaultRuntime>[0]
  initialRuntime: string
}

function CreateForm({ runtimes, initialRuntime }: CreateFormProps) {
  const t = useWords(words)
  const [, navigate] = useLocation()
  const services = useServices()
  const [service, setService] = useState(new URLSearchParams(useSearch()).get('service') ?? '')
  const [name, setName] = useState('')
  const [runtime, setRuntime] = useState(initialRuntime)
  const [wanted, setSource] = useState<CodeSource>('event')
  const [zip, setZip] = useState<File | null>(null)
  const [image, setImage] = useState('')
  const [settings, setSettings] = useState(newSettings)
  const create = useCreateFunction()

  const sources = codeSourcesOf(runtime)
  const source = sources.includes(wanted) ? wanted : sources[0]!
  const starter = source === 'event' || source === 'http' ? starterFor(runtime, source) : undefined
  const isReady =
    isName(name) &&
    problemsOf(settings).length === 0 &&
    (source !== 'zip' || zip !== null) &&
    (source !== 'image' || image.trim() !== '')
  const sourceLabels: Record<CodeSource, string> = {
    event: t.starterEvent,
    http: t.starterHttp,
    zip: t.uploadZip,
    image: t.image,
  }
  function submit() {
    if (!isReady) return
    const input = { service, name, runtime, source, zip, image: image.trim(), settings }
    create.mutate(input, {
      onSuccess: (key) => {
        toast(t.createdName(name))
        navigate(functionHref(key))
      },
    })
  }
  return (
    <form
      className="card stack loose functions-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <section className="grid functions-fields">
        <TextField
          label={t.name}
          help={t.nameHelp}
          value={name}
          maxLength={64}
          autoFocus
          error={name === '' || isName(name) ? undefined : t.nameProblem}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label={t.service}
          help={t.generationHelp}
          value={service}
          onChange={(event) => setService(event.target.value)}
          options={[
            { value: '', label: t.none },
            ...(services.data ?? []).map(({ serviceName }) => ({ value: serviceName, label: serviceName })),
          ]}
        />
        <TextField
          label={t.description}
          value={settings.description}
          maxLength={256}
          onChange={(event) => setSettings({ ...settings, description: event.target.value })}
        />
      </section>
      <section className="stack">
        <h2>{t.code}</h2>
        <div className="grid functions-fields">
          <RuntimeField runtimes={runtimes} value={runtime} onChange={setRuntime} />
          <SelectField
            label={t.code}
            value={source}
            help={sources.length === 1 && source === 'zip' ? t.compiledHelp : undefined}
            onChange={(event) => setSource(event.target.value as CodeSource)}
            options={sources.map((value) => ({ value, label: sourceLabels[value] }))}
          />
          {source === 'zip' && (
            <Field label={t.zipFile} help={zip === null ? t.zipRequired : undefined}>
              {(control) => (
                <input
                  type="file"
                  accept=".zip,.jar,application/zip"
                  {...control}
                  onChange={(event) => setZip(event.target.files?.[0] ?? null)}
                />
              )}
            </Field>
          )}
          {source === 'image' && (
            <TextField
              label={t.image}
              help={t.imageHelp}
              value={image}
              onChange={(event) => setImage(event.target.value)}
            />
          )}
          {source === 'zip' && (
            <TextField
              label={t.handler}
              help={t.handlerHelp}
              value={settings.handler}
              maxLength={128}
              onChange={(event) => setSettings({ ...settings, handler: event.target.value })}
            />
          )}
        </div>
        {starter && (
          <pre className="functions-starter" tabIndex={0} role="region" aria-label={t.code}>
            {Object.values(starter.files)[0]}
          </pre>
        )}
      </section>
      <SettingsFields settings={settings} runtime={runtime} onChange={setSettings} />
      {create.error && <ErrorNotice error={create.error} />}
      <div className="row">
        <Button type="submit" kind="primary" busy={create.isPending} disabled={!isReady}>
          {t.createFunction}
        </Button>
        <ButtonLink kind="quiet" href="/functions">
          {t.toList}
        </ButtonLink>
      </div>
    </form>
  )
}
