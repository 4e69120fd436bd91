import { Link } from 'wouter'
import { Badge } from '../../components/badge.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { QueryView } from '../../components/states.tsx'
import { TextBlock } from '../../components/text-block.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { type Task, TONES, useTask } from './tasks.ts'
import { words } from './words.ts'

interface Props {
  functionKey: string
  task: Task
  onClose: () => void
}

/** All that is kept of a task. */
export function TaskDialog({ functionKey, task, onClose }: Props) {
  const query = useTask(functionKey, task)
  return (
    <Dialog wide title={task.taskId} onClose={onClose}>
      <QueryView query={query}>{(kept) => <Facts task={kept} />}</QueryView>
    </Dialog>
  )
}

function Facts({ task }: { task: Task }) {
  const t = useWords(words)
  const format = useFormat()
  const facts = [
    [t.accepted, format.dateTime(task.startedTime)],
    [t.ended, format.dateTime(task.endTime || null)],
    [t.duration, format.durationMs(task.durationMs)],
    [t.retries, format.number(task.alreadyRetriedTimes)],
    [t.qualifier, task.qualifier],
    [t.instance, task.instanceId || '–'],
    [t.destination, task.destinationStatus || '–'],
  ]
  return (
    <>
      <p className="row spread">
        <Badge tone={TONES[task.status]}>{task.status}</Badge>
        <Link href={`/logs/requests/${encodeURIComponent(task.requestId)}?at=${task.startedTime}`}>{t.logs}</Link>
      </p>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {task.taskErrorMessage !== '' && (
        <div>
          <h3>{t.error}</h3>
          <TextBlock label={t.error} text={task.taskErrorMessage} />
        </div>
      )}
      <div>
        <h3>{t.events}</h3>
        <ol className="async-events">
          {task.events.map(({ eventId, status, timestamp, eventDetail }) => (
            <li key={eventId}>
              <time className="soft small number">{format.timeMs(timestamp)}</time>
              <span>{status}</span>
              <span className="soft">{eventDetail}</span>
            </li>
          ))}
        </ol>
      </div>
      <div>
        <h3>{t.payload}</h3>
        <TextBlock label={t.payload} text={task.taskPayload} />
      </div>
      <div>
        <h3>{t.answer}</h3>
        <TextBlock label={t.answer} text={task.returnPayload} />
      </div>
    </>
  )
}
