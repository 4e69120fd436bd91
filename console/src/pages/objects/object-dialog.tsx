import { useQuery } from '@tanstack/react-query'
import type { ApiError } from '../../api/errors.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { QueryView } from '../../components/states.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { ObjectPreview } from './object-preview.tsx'
import { downloadAddress, fileNameOf } from './oss-address.ts'
import { headObject, type ObjectFacts } from './oss-client.ts'
import { words } from './words.ts'

interface Props {
  bucket: string
  objectKey: string
  onClose: () => void
}

/** What an object says of itself, and what of it can be shown. */
export function ObjectDialog({ bucket, objectKey, onClose }: Props) {
  const t = useWords(words)
  const head = useQuery<ObjectFacts, ApiError>({
    queryKey: ['object', bucket, objectKey],
    queryFn: ({ signal }) => headObject(bucket, objectKey, signal),
  })
  const actions = (
    <a className="button primary" href={downloadAddress(bucket, objectKey)} download={fileNameOf(objectKey)}>
      <Icon name="download" /> {t.download}
    </a>
  )
  return (
    <Dialog wide title={fileNameOf(objectKey)} onClose={onClose} actions={actions}>
      <QueryView query={head}>
        {(facts) => (
          <>
            <ObjectPreview bucket={bucket} objectKey={objectKey} facts={facts} />
            <Facts facts={facts} />
          </>
        )}
      </QueryView>
    </Dialog>
  )
}

function Facts({ facts }: { facts: ObjectFacts }) {
  const t = useWords(words)
  const format = useFormat()
  const rows = [
    [t.type, facts.contentType],
    [t.size, format.bytes(facts.sizeBytes)],
    [t.modified, format.dateTime(facts.modifiedMs)],
    [t.etag, facts.etag],
    [t.storageClass, facts.storageClass],
    ...Object.entries(facts.metadata),
  ]
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd className="mono">{value || '–'}</dd>
        </div>
      ))}
    </dl>
  )
}
