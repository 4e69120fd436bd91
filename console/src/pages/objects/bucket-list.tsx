import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import type { ApiError } from '../../api/errors.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState, ErrorNotice } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toast } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { isBucketName } from './oss-address.ts'
import { createBucket, deleteBucket, listBuckets } from './oss-client.ts'
import type { BucketPage } from './oss-xml.ts'
import { words } from './words.ts'

const QUERY_KEY = ['buckets']

export function BucketList() {
  const t = useWords(words)
  const format = useFormat()
  const [isNew, setNew] = useState(false)
  const [deleting, setDeleting] = useState<string | null>(null)
  const buckets = useInfiniteQuery<BucketPage, ApiError>({
    queryKey: QUERY_KEY,
    queryFn: ({ pageParam, signal }) => listBuckets(pageParam as string | null, signal),
    initialPageParam: null,
    getNextPageParam: ({ nextMarker }) => nextMarker,
  })
  return (
    <div className="stack">
      <PageHead
        title={t.title}
        lead={t.lead}
        actions={
          <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
            {t.newBucket}
          </Button>
        }
      />
      {buckets.error ? (
        <ErrorNotice error={buckets.error} onRetry={() => void buckets.refetch()} />
      ) : (
        <div className="card flush">
          <Table
            caption={t.buckets}
            rows={buckets.data?.pages.flatMap((page) => page.buckets)}
            keyOf={({ name }) => name}
            empty={
              <EmptyState icon="objects" title={t.noBuckets}>
                {t.noBucketsHint}
              </EmptyState>
            }
            columns={[
              {
                key: 'name',
                header: t.bucket,
                render: ({ name }) => (
                  <Link href={`/buckets/${name}`} className="objects-name">
                    <Icon name="objects" /> {name}
                  </Link>
                ),
                sortBy: ({ name }) => name,
              },
              { key: 'class', header: t.storageClass, render: ({ storageClass }) => storageClass },
              {
                key: 'created',
                header: t.created,
                render: ({ createdMs }) => format.dateTime(createdMs),
                sortBy: ({ createdMs }) => createdMs,
              },
              {
                key: 'actions',
                header: t.actions,
                render: ({ name }) => (
                  <IconButton small icon="trash" label={t.deleteTitle(name)} onClick={() => setDeleting(name)} />
                ),
              },
            ]}
          />
          {buckets.hasNextPage && (
            <div className="objects-more">
              <Button busy={buckets.isFetchingNextPage} onClick={() => void buckets.fetchNextPage()}>
                {t.more}
              </Button>
            </div>
          )}
        </div>
      )}
      {isNew && <NewBucket onClose={() => setNew(false)} />}
      {deleting !== null && <DeleteBucket bucket={deleting} onClose={() => setDeleting(null)} />}
    </div>
  )
}

function useBucketChange(change: (bucket: string) => Promise<void>) {
  const client = useQueryClient()
  return useMutation<void, ApiError, string>({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: QUERY_KEY }),
  })
}

function NewBucket({ onClose }: { onClose: () => void }) {
  const t = useWords(words)
  const [name, setName] = useState('')
  const create = useBucketChange(createBucket)
  const submit = () => {
    if (!isBucketName(name)) return
    create.mutate(name, {
      onSuccess: () => {
        toast(t.createdBucket(name))
        onClose()
      },
    })
  }
  const actions = (
    <>
      <Button onClick={onClose}>{t.cancel}</Button>
      <Button type="submit" kind="primary" busy={create.isPending} disabled={!isBucketName(name)}>
        {t.create}
      </Button>
    </>
  )
  return (
    <Dialog title={t.newBucket} onClose={onClose} onSubmit={submit} actions={actions}>
      <TextField
        label={t.bucketName}
        help={t.bucketNameHelp}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      {create.error && <ErrorNotice error={create.error} />}
    </Dialog>
  )
}

function DeleteBucket({ bucket, onClose }: { bucket: string; onClose: () => void }) {
  const t = useWords(words)
  const remove = useBucketChange(deleteBucket)
  return (
    <ConfirmDialog
      title={t.deleteTitle(bucket)}
      confirmLabel={t.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate(bucket, { onSuccess: onClose })}
    >
      <p>{t.deleteBucketText}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
