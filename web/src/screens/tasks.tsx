// Tasks (6): who does what until when. Each has an owner; what is overdue comes first.
import { useSignal } from '@preact/signals'
import { ageText } from '../base/format'
import { T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { now } from '../state/clock'
import { entitiesOf, isOverdue, textOf, timeOf } from '../state/incident'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'

const rank: Record<string, number> = { critical: 0, urgent: 1, routine: 2 }

function order(a: Entity, b: Entity): number {
  const due = (it: Entity) => timeOf(it.fields['due_at']) || Infinity
  const late = Number(isOverdue(b, now.value)) - Number(isOverdue(a, now.value))
  const first = (rank[textOf(a, 'priority')] ?? 2) - (rank[textOf(b, 'priority')] ?? 2)
  return late || first || (due(a) < due(b) ? -1 : due(a) > due(b) ? 1 : a.made - b.made)
}

function Due(props: { it: Entity }) {
  const at = timeOf(props.it.fields['due_at'])
  if (Number.isNaN(at)) return <span class="dimmed">{t('task.no_time')}</span>
  return (
    <>
      <bdi>{timeText(at, now.value)}</bdi>
      {isOverdue(props.it, now.value) && <small class="warn"> <T k="task.overdue" p={{ age: ageText(now.value - at) }} /></small>}
    </>
  )
}

function Row(props: { it: Entity }) {
  const { it } = props
  const open = it.fields['state'] === 'open'
  const priority = textOf(it, 'priority')
  return (
    <tr class={isOverdue(it, now.value) ? 'warn' : open ? '' : 'out'}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="wraps" dir="auto">{textOf(it, 'text')}{textOf(it, 'note') && <small><bdi>{textOf(it, 'note')}</bdi></small>}</td>
      <td><bdi>{textOf(it, 'owner')}</bdi></td>
      <td><Due it={it} /></td>
      <td class={priority === 'critical' ? 'bad' : ''}>{priority && wordText(priority, 'priority')}</td>
      <td>{wordText(textOf(it, 'state'))}</td>
      <td class="acts">
        {open && (
          <>
            <Button class="small" onClick={() => write('task.done', { task: it.id })}>{t('task.done')}</Button>
            <Button class="small" onClick={() => write('task.reassigned', { task: it.id, owner: textOf(it, 'owner') })}>{t('task.reassign')}</Button>
            <Button class="small" onClick={() => write('task.dropped', { task: it.id })}>{t('task.drop')}</Button>
          </>
        )}
      </td>
    </tr>
  )
}

export default function TaskScreen() {
  const all = useSignal(false)
  const tasks = entitiesOf('task')
  const open = tasks.filter((it) => it.fields['state'] === 'open')
  const rows = [...open.sort(order), ...(all.value ? tasks.filter((it) => it.fields['state'] !== 'open') : [])]
  return (
    <section class="screen" aria-labelledby="tasks-title">
      <div class="bar">
        <h1 id="tasks-title">{t('nav.tasks')}</h1>
        <div class="chips" role="group" aria-label={t('task.which')}>
          <Button pressed={!all.value} onClick={() => { all.value = false }}>{t('task.open')}</Button>
          <Button pressed={all.value} onClick={() => { all.value = true }}>{t('log.everything')}</Button>
        </div>
        <span class="dimmed"><T k="task.open_n" n={open.length} /></span>
        <span class="gap" />
        <Button kind="primary" onClick={() => write('task.created')}>{t('task.new')}</Button>
        <Button onClick={() => write('message.sent')}>{t('task.order')}</Button>
      </div>
      {rows.length === 0
        ? <Empty>{t('task.empty')}</Empty>
        : (
          <div class="tablebox" tabIndex={0} role="region" aria-label={t('nav.tasks')}>
            <table id="tasktable">
              <caption class="hidden">{t('nav.tasks')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('task.id')}</th><th scope="col">{t('task.what')}</th><th scope="col">{t('task.owner')}</th><th scope="col">{t('task.due')}</th>
                  <th scope="col">{t('task.priority')}</th><th scope="col">{t('col.state')}</th><th scope="col"><span class="hidden">{t('actions')}</span></th>
                </tr>
              </thead>
              <tbody>{rows.map((it) => <Row key={it.id} it={it} />)}</tbody>
            </table>
          </div>
        )}
    </section>
  )
}
