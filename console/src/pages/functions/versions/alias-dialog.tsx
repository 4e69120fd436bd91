import { useState } from 'react'
import { api } from '../../../api/client.ts'
import { scopePath } from '../../../api/functions.ts'
import { useChange } from '../../../api/use-api.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { SelectField, TextField } from '../../../components/field.tsx'
import { Slider } from '../../../components/slider.tsx'
import { ErrorNotice } from '../../../components/states.tsx'
import { toast } from '../../../components/toast.tsx'
import { useFormat, useWords } from '../../../i18n/language.ts'
import { isName } from '../names.ts'
import type { Alias, Version } from './versions.ts'
import { words } from './words.ts'

interface AliasDialogProps {
  functionKey: string
  /** null: a new one. */
  alias: Alias | null
  versions: readonly Version[]
  onClose: () => void
}

/** Where an alias leads: to a version, or to two with a share each. */
export function AliasDialog({ functionKey, alias, versions, onClose }: AliasDialogProps) {
  const t = useWords(words)
  const { percent } = useFormat()
  const others = Object.entries(alias?.additionalVersionWeight ?? {})
  const [name, setName] = useState(alias?.aliasName ?? '')
  const [versionId, setVersion] = useState(alias?.versionId ?? versions.at(0)?.versionId ?? '')
  const [second, setSecond] = useState(others[0]?.[0] ?? '')
  const [share, setShare] = useState(Math.round((others[0]?.[1] ?? 0.1) * 100))
  const [description, setDescription] = useState(alias?.description ?? '')
  const path = `${scopePath(functionKey)}/aliases`
  const isSplit = second !== '' && second !== versionId

  const save = useChange(() => {
    const additionalVersionWeight = isSplit ? { [second]: share / 100 } : {}
    const json = { versionId, description, additionalVersionWeight }
    return alias === null
      ? api(path, { method: 'POST', json: { aliasName: name, ...json } })
      : api(`${path}/${encodeURIComponent(name)}`, { method: 'PUT', json })
  }, [path])
  const submit = () =>
    isName(name) &&
    save.mutate(undefined, {
      onSuccess: () => {
        toast(t.saved(name))
        onClose()
      },
    })
  const options = versions.map(({ versionId: id, description: text }) => ({
    value: id,
    label: text === '' ? id : `${id} – ${text}`,
  }))
  return (
    <Dialog
      title={alias === null ? t.createAlias : `${t.editAlias} ${alias.aliasName}`}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={save.isPending} disabled={!isName(name)}>
          {t.save}
        </Button>
      }
    >
      {alias === null && (
        <TextField
          label={t.name}
          autoFocus
          value={name}
          maxLength={64}
          error={name === '' || isName(name) ? undefined : t.nameProblem}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      {others.length > 1 && <p className="help">{t.moreVersions}</p>}
      <SelectField
        label={t.mainVersion}
        value={versionId}
        options={options}
        onChange={(event) => setVersion(event.target.value)}
      />
      <SelectField
        label={t.second}
        value={isSplit ? second : ''}
        options={[{ value: '', label: t.noSecond }, ...options.filter(({ value }) => value !== versionId)]}
        onChange={(event) => setSecond(event.target.value)}
      />
      {isSplit && (
        <Slider
          label={t.weight}
          min={0}
          max={100}
          step={1}
          value={share}
          text={t.split(versionId, percent(1 - share / 100, 0), second, percent(share / 100, 0))}
          onChange={setShare}
        />
      )}
      <TextField
        label={t.description}
        value={description}
        maxLength={256}
        onChange={(event) => setDescription(event.target.value)}
      />
      {save.error && <ErrorNotice error={save.error} />}
    </Dialog>
  )
}
