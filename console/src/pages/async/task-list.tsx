import { useState } from 'react'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { EmptyState, ErrorNotice } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toast, toastError } from '../../components/toast.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { TaskDialog } from './task-dialog.tsx'
import { hasEnded, STATUSES, type Task, TONES, useStopTask, useTasks } from './tasks.ts'
import { words } from './words.ts'

type Open = { kind: 'show' | 'stop'; task: Task }

/** Newest first. */
export function TaskList({ functionKey }: { functionKey: string }) {
  const t = useWords(words)
  const [status, setStatus] = useState('')
  const [prefix, setPrefix] = useState('')
  const [open, setOpen] = useState<Open | null>(null)
  const tasks = useTasks(functionKey, status, prefix)
  const stop = useStopTask(functionKey)
  return (
    <>
      <div className="row async-filter">
        <select aria-label={t.status} value={status} onChange={({ target }) => setStatus(target.value)}>
          <option value="">
            {t.status}: {t.anyStatus}
          </option>
          {STATUSES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <input
          type="search"
          aria-label={t.prefix}
          placeholder={t.prefix}
          value={prefix}
          onChange={({ target }) => setPrefix(target.value)}
        />
      </div>
      {tasks.error ? (
        <ErrorNotice error={tasks.error} onRetry={() => void tasks.refetch()} />
      ) : (
        <TaskTable tasks={tasks.data?.pages.flatMap((page) => page.tasks)} onOpen={setOpen} />
      )}
      {tasks.hasNextPage && (
        <div className="async-more">
          <Button busy={tasks.isFetchingNextPage} onClick={() => void tasks.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
      {open?.kind === 'show' && <TaskDialog functionKey={functionKey} task={open.task} onClose={() => setOpen(null)} />}
      {open?.kind === 'stop' && (
        <ConfirmDialog
          title={t.stopTitle(open.task.taskId)}
          confirmLabel={t.stop}
          busy={stop.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() =>
            stop.mutate(open.task, {
              onSuccess: () => toast(t.stopped),
              onError: toastError,
              onSettled: () => setOpen(null),
            })
          }
        >
          <p>{t.stopText}</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function TaskTable({ tasks, onOpen }: { tasks: readonly Task[] | undefined; onOpen: (open: Open) => void }) {
  const t = useWords(words)
  const format = useFormat()
  return (
    <Table
      caption={t.tasks}
      rows={tasks}
      keyOf={({ taskId, qualifier }) => `${qualifier}/${taskId}`}
      empty={
        <EmptyState icon="async" title={t.noTasks}>
          {t.noTasksHint}
        </EmptyState>
      }
      columns={[
        {
          key: 'task',
          header: t.task,
          render: (task) => (
            <button type="button" className="async-name mono" onClick={() => onOpen({ kind: 'show', task })}>
              {task.taskId}
            </button>
          ),
        },
        { key: 'status', header: t.status, render: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge> },
        { key: 'accepted', header: t.accepted, render: ({ startedTime }) => format.dateTime(startedTime) },
        {
          key: 'duration',
          header: t.duration,
          numeric: true,
          render: ({ durationMs }) => format.durationMs(durationMs),
        },
        {
          key: 'retries',
          header: t.retries,
          numeric: true,
          render: ({ alreadyRetriedTimes }) => format.number(alreadyRetriedTimes),
        },
        {
          key: 'stop',
          header: t.stop,
          render: (task) =>
            !hasEnded(task.status) && (
              <Button small onClick={() => onOpen({ kind: 'stop', task })}>
                {t.stop}
              </Button>
            ),
        },
      ]}
    />
  )
}
