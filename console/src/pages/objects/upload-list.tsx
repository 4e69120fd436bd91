import { Button, IconButton } from '../../components/button.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import type { Upload, Uploads } from './uploads.ts'
import { words } from './words.ts'

export function UploadList({ uploads }: { uploads: Uploads }) {
  const t = useWords(words)
  if (uploads.list.length === 0) return null
  return (
    <section className="card" aria-label={t.uploads}>
      <div className="card-head">
        <h2>{t.uploads}</h2>
        <Button small onClick={() => uploads.clear()}>
          {t.clearDone}
        </Button>
      </div>
      <ul className="stack tight">
        {uploads.list.map((upload) => (
          <UploadRow key={upload.id} upload={upload} onStop={() => uploads.stop(upload.id)} />
        ))}
      </ul>
    </section>
  )
}

function UploadRow({ upload: { name, state, share, message }, onStop }: { upload: Upload; onStop: () => void }) {
  const t = useWords(words)
  const format = useFormat()
  const isRunning = state === 'running' || state === 'waiting'
  return (
    <li className="objects-upload">
      <span className="objects-upload-name">{name}</span>
      {isRunning && <progress value={share} max={1} aria-label={name} />}
      <span className={state === 'failed' || state === 'refused' ? 'objects-failed' : 'soft number'}>
        {state === 'done' && t.uploaded}
        {state === 'failed' && message}
        {state === 'refused' && t.badKey}
        {isRunning && format.percent(share, 0)}
      </span>
      {isRunning && <IconButton small icon="close" label={`${t.stopUpload}: ${name}`} onClick={onStop} />}
    </li>
  )
}
