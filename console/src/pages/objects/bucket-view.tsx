/** A folder of a bucket: browsed, filled by dropping files, and cleared. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Link } from 'wouter'
import type { ApiError } from '../../api/errors.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorNotice } from '../../components/states.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { DeleteObjects } from './delete-objects.tsx'
import { ObjectDialog } from './object-dialog.tsx'
import { ObjectTable } from './object-table.tsx'
import { fileNameOf, folderHref, prefixSteps } from './oss-address.ts'
import { listObjects } from './oss-client.ts'
import type { ObjectPage } from './oss-xml.ts'
import { UploadList } from './upload-list.tsx'
import { useUploads } from './uploads.ts'
import { words } from './words.ts'

export function BucketView({ bucket, prefix }: { bucket: string; prefix: string }) {
  const t = useWords(words)
  const format = useFormat()
  const client = useQueryClient()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [deleting, setDeleting] = useState<readonly string[]>([])
  const [shown, setShown] = useState('')
  const [isOver, setOver] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const queryKey = ['objects', bucket, prefix]
  const refresh = () => client.invalidateQueries({ queryKey })
  const uploads = useUploads(bucket, prefix, () => void refresh())
  const objects = useInfiniteQuery<ObjectPage, ApiError>({
    queryKey,
    queryFn: ({ pageParam, signal }) => listObjects(bucket, prefix, pageParam as string | null, signal),
    initialPageParam: null,
    getNextPageParam: ({ nextMarker }) => nextMarker,
  })
  const pages = objects.data?.pages
  const steps = prefixSteps(prefix)
  return (
    <div
      className="stack objects-view"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        uploads.add([...event.dataTransfer.files])
      }}
    >
      <PageHead
        title={bucket}
        lead={
          <nav aria-label={t.path} className="objects-path">
            <Link href="/buckets">{t.buckets}</Link>
            <span aria-hidden="true">/</span>
            {prefix === '' ? <span>{bucket}</span> : <Link href={`/buckets/${bucket}`}>{bucket}</Link>}
            {steps.map(({ name, prefix: to }) => (
              <span key={to}>
                <span aria-hidden="true">/ </span>
                {to === prefix ? name : <Link href={folderHref(bucket, to)}>{name}</Link>}
              </span>
            ))}
          </nav>
        }
        actions={
          <>
            <IconButton icon="refresh" label={t.refresh} busy={objects.isFetching} onClick={() => void refresh()} />
            <Button kind="primary" icon="upload" onClick={() => picker.current?.click()}>
              {t.upload}
            </Button>
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              aria-label={t.upload}
              onChange={({ target }) => {
                uploads.add([...(target.files ?? [])])
                target.value = ''
              }}
            />
          </>
        }
      />
      <UploadList uploads={uploads} />
      {chosen.length > 0 && (
        <div className="row" role="status">
          <span>{t.selected(format.number(chosen.length))}</span>
          <Button small icon="trash" onClick={() => setDeleting(chosen)}>
            {t.delete}
          </Button>
        </div>
      )}
      {objects.error ? (
        <ErrorNotice error={objects.error} onRetry={() => void objects.refetch()} />
      ) : (
        <div className="card flush">
          <ObjectTable
            bucket={bucket}
            prefix={prefix}
            objects={pages?.flatMap((page) => page.objects)}
            prefixes={pages?.flatMap((page) => page.prefixes) ?? []}
            chosen={chosen}
            onChoose={setChosen}
            onShow={setShown}
            onDelete={(key) => setDeleting([key])}
          />
          {objects.hasNextPage && (
            <div className="objects-more">
              <Button busy={objects.isFetchingNextPage} onClick={() => void objects.fetchNextPage()}>
                {t.more}
              </Button>
            </div>
          )}
        </div>
      )}
      {isOver && <div className="objects-drop">{t.drop}</div>}
      {shown !== '' && <ObjectDialog key={shown} bucket={bucket} objectKey={shown} onClose={() => setShown('')} />}
      {deleting.length > 0 && (
        <DeleteObjects
          bucket={bucket}
          keys={deleting}
          title={
            deleting.length === 1
              ? t.deleteTitle(fileNameOf(deleting[0]!))
              : t.deleteMany(format.number(deleting.length))
          }
          onClose={() => {
            setDeleting([])
            setChosen([])
            void refresh()
          }}
        />
      )}
    </div>
  )
}
