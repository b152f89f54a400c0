// Tasks (6): who does what until when, who has accepted it, what holds it up; what was asked for and promised; what
// was decided and why. One line makes a task; what was understood stands below it before it is entered.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import '../css/tasks.css'
import { ageText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { parseTaskLine } from '../entry/task_line'
import type { TaskLine } from '../entry/task_line'
import type { Entity } from '../net/incident'
import { serverNow } from '../state/clock'
import { entitiesOf, entity, isOverdue, shown_now, textOf, timeOf } from '../state/incident'
import { numbered, quick } from '../state/quick'
import { writable } from '../state/rights'
import { units } from '../state/tracks'
import { shown_item, write } from '../state/view'
import { nudge } from '../shell/decisions'
import { Button, Empty } from '../ui/parts'
import { printPage } from '../ui/print'
import { pointOut, useShownItem } from '../ui/shown_item'
import { useSteady } from '../ui/steady'
import { Tabs } from '../ui/tabs'
import { Decisions } from './tasks_decisions'
import { Needs } from './tasks_needs'

type Tab = 'tasks' | 'needs' | 'decisions'
type By = 'due' | 'owner' | 'state'
const SOON_MS = 15 * 60_000
const rank: Record<string, number> = { critical: 0, urgent: 1, routine: 2 }

export const isOpen = (it: Entity) => ['open', 'blocked'].includes(textOf(it, 'state'))
const dueOf = (it: Entity) => timeOf(it.fields['due_at'])
const isLate = (it: Entity) => isOpen(it) && dueOf(it) < shown_now.value

function order(a: Entity, b: Entity): number {
  const due = (it: Entity) => dueOf(it) || Infinity
  const late = Number(isLate(b)) - Number(isLate(a))
  const first = (rank[textOf(a, 'priority')] ?? 2) - (rank[textOf(b, 'priority')] ?? 2)
  return late || first || (due(a) < due(b) ? -1 : due(a) > due(b) ? 1 : a.made - b.made)
}

/** Who has it: said by voice, or its owner has acknowledged a message about it from his phone. */
function acceptedBy(it: Entity): string {
  const said = textOf(it, 'by')
  if (said) return said
  const owner = textOf(it, 'owner')
  const answered = entitiesOf('message').some((message) => {
    const acked = message.fields['acked_by']
    return textOf(message, 'task') === it.id && Array.isArray(acked) && acked.includes(owner)
  })
  return answered ? owner : ''
}

const groups: Record<By, (it: Entity) => { at: number | string; title: string }> = {
  due: (it) => {
    if (!isOpen(it)) return { at: 9, title: wordText(textOf(it, 'state')) }
    if (isLate(it)) return { at: 0, title: t('task.late') }
    const left = dueOf(it) - shown_now.value
    if (Number.isNaN(left)) return { at: 3, title: t('task.no_time') }
    return left < SOON_MS ? { at: 1, title: t('task.soon') } : { at: 2, title: t('task.later') }
  },
  owner: (it) => ({ at: textOf(it, 'owner'), title: textOf(it, 'owner') }),
  state: (it) => {
    if (!isOpen(it)) return { at: 9, title: wordText(textOf(it, 'state')) }
    if (textOf(it, 'state') === 'blocked') return { at: 0, title: t('task.blocked') }
    return acceptedBy(it) ? { at: 2, title: t('task.accepted') } : { at: 1, title: t('task.not_accepted') }
  },
}

/** Everybody who can be given something: units, their agencies, phones, who has tasks already. */
function names(): string[] {
  const phones = [...units.values()].filter((it) => it.presence).map((it) => it.callsign)
  const owners = [...entitiesOf('task'), ...entitiesOf('commitment')].map((it) => textOf(it, 'owner'))
  return [...new Set([...entitiesOf('unit').map((it) => it.id), ...entitiesOf('agency').map((it) => it.id), ...owners, ...phones])].filter(Boolean)
}

function Understood(props: { it: TaskLine }) {
  const { it } = props
  return (
    <p class="understood" role="status">
      <span>{t('task.owner')}: <b class={it.owner ? '' : 'warn'}><bdi>{it.owner || t('task.say_owner')}</bdi></b></span>
      <span>{t('task.what')}: <b dir="auto">{it.text}</b></span>
      <span>{t('task.due')}: <b><bdi>{Number.isNaN(it.due) ? t('task.no_time') : `${timeText(it.due, shown_now.value)} (${ageText(it.due - shown_now.value)})`}</bdi></b></span>
      {it.priority && <span>{t('task.priority')}: <b>{wordText(it.priority, 'priority')}</b></span>}
    </p>
  )
}

function NewLine() {
  const line = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  const known = names()
  const it = parseTaskLine(line.value, shown_now.value, known)
  const send = (event: Event) => {
    event.preventDefault()
    const made = parseTaskLine(line.value, serverNow(), known)
    if (!made.owner || !made.text) return input.current?.focus()
    const { due } = made
    void quick(numbered('task.created', 'task', 'TK', {
      text: made.text, owner: made.owner, ...(Number.isNaN(due) ? {} : { due_at: new Date(due).toISOString() }), ...(made.priority ? { priority: made.priority } : {}),
    }), joined([made.owner, made.text], ': ')).then((done) => { if (done) line.value = '' })
  }
  return (
    <form class="taskline" onSubmit={send}>
      <label class="hidden" for="task-line">{t('task.line')}</label>
      <input
        id="task-line" ref={input} type="text" dir="auto" autocomplete="off" placeholder={t('task.line_hint')} value={line.value} list="task-names" {...writable('task.created')}
        onInput={(event) => { line.value = event.currentTarget.value }}
      />
      <datalist id="task-names">{/^@?\S*$/.test(line.value) && known.slice(0, 100).map((name) => <option key={name} value={`@${name} `} />)}</datalist>
      <Button writes="task.created" kind="primary" type="submit" keys="↵">{t('task.new')}</Button>
      {line.value.trim() !== '' && <Understood it={it} />}
    </form>
  )
}

function Due(props: { it: Entity }) {
  const at = dueOf(props.it)
  if (Number.isNaN(at)) return <span class="dimmed">{t('task.no_time')}</span>
  return (
    <>
      <bdi>{timeText(at, shown_now.value)}</bdi>
      {isLate(props.it) ? <small class="warn"><T k="task.overdue" p={{ age: ageText(shown_now.value - at) }} /></small>
        : isOpen(props.it) && <small><T k="task.left" p={{ age: ageText(at - shown_now.value) }} /></small>}
    </>
  )
}

function Owner(props: { it: Entity }) {
  const { it } = props
  const owner = textOf(it, 'owner')
  const give = (to: string) => quick({ kind: 'task.reassigned', fields: { task: it.id, owner: to } }, t('task.given', { task: it.id, who: to }))
  if (!isOpen(it)) return <bdi>{owner}</bdi>
  return (
    <select
      aria-label={t('task.reassign_of', { task: it.id })} value={owner} {...writable('task.reassigned')}
      onChange={(event) => {
        const to = event.currentTarget.value
        void quick({ kind: 'task.reassigned', fields: { task: it.id, owner: to } }, t('task.given', { task: it.id, who: to }), () => void give(owner))
      }}
    >
      {[...new Set([owner, ...names()])].map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  )
}

/** Where it stands, and what it waits for: another task by its number, or words. */
function State(props: { it: Entity }) {
  const { it } = props
  const state = textOf(it, 'state')
  const other = entity('task', textOf(it, 'reason'))
  const by = acceptedBy(it)
  if (state === 'blocked') {
    return <><b class="warn">{t('task.blocked')}</b><small dir="auto">{other ? `${other.id} ${textOf(other, 'text')}` : textOf(it, 'reason')}</small></>
  }
  if (!isOpen(it)) return <>{wordText(state)}</>
  return by ? <>{t('task.accepted')}<small><bdi>{by}</bdi></small></> : <span class="dimmed">{t('task.not_accepted')}</span>
}

function Acts(props: { it: Entity }) {
  const { it } = props
  const owner = textOf(it, 'owner')
  if (!isOpen(it)) return null
  return (
    <>
      <Button writes="task.done" kind="primary" onClick={() => void quick({ kind: 'task.done', fields: { task: it.id } }, t('task.is_done', { task: it.id }))}>{t('task.done')}</Button>
      {!acceptedBy(it) && (
        <Button writes="task.accepted" onClick={() => void quick({ kind: 'task.accepted', fields: { task: it.id, by: owner } }, t('task.accepts', { who: owner, task: it.id }))}>{t('task.accept')}</Button>
      )}
      <Button writes="message.sent" onClick={() => void nudge(it.id)}>{t('task.nudge')}</Button>
      {textOf(it, 'state') === 'blocked'
        ? <Button writes="task.unblocked" onClick={() => void quick({ kind: 'task.unblocked', fields: { task: it.id } }, t('task.is_free', { task: it.id }))}>{t('task.free')}</Button>
        : <Button writes="task.blocked" onClick={() => write('task.blocked', { task: it.id })}>{t('task.block')}</Button>}
      <Button writes="task.dropped" onClick={() => write('task.dropped', { task: it.id })}>{t('task.drop')}</Button>
    </>
  )
}

function Row(props: { it: Entity }) {
  const { it } = props
  const priority = textOf(it, 'priority')
  const note = textOf(it, 'note')
  const decision = textOf(it, 'decision')
  return (
    <tr class={isLate(it) ? 'warn' : isOpen(it) ? '' : 'out'} data-task={it.id} tabIndex={-1}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="wraps" dir="auto">
        {textOf(it, 'text')}
        {(note || decision) && <small><bdi>{joined([note, decision], ' · ')}</bdi></small>}
      </td>
      <td><Owner it={it} /></td>
      <td><Due it={it} /></td>
      <td class={priority === 'critical' ? 'bad' : priority === 'urgent' ? 'strong' : ''}>{priority && priority !== 'routine' && wordText(priority, 'priority')}</td>
      <td class="wraps"><State it={it} /></td>
      <td class="acts"><Acts it={it} /></td>
    </tr>
  )
}

const titles = ['task.id', 'task.what', 'task.owner', 'task.due', 'task.priority', 'col.state'] as const

function Board(props: { by: By; all: boolean }) {
  const of = groups[props.by]
  const tasks = entitiesOf('task').filter((it) => props.all || isOpen(it))
  const compare = (a: Entity, b: Entity) => {
    const [one, two] = [of(a).at, of(b).at]
    return one < two ? -1 : one > two ? 1 : order(a, b)
  }
  const { list, hold } = useSteady(tasks.sort(compare), (it) => it.id)
  if (list.length === 0) return <Empty>{t('task.empty')}</Empty>
  const rows = list.flatMap((it, i) => {
    const { title } = of(it)
    const begins = i === 0 || of(list[i - 1]!).title !== title
    return [
      ...(begins ? [<tr key={`${title}-${i}`} class="group"><th colSpan={7} scope="rowgroup"><bdi>{title}</bdi></th></tr>] : []),
      <Row key={it.id} it={it} />,
    ]
  })
  return (
    <div class="tablebox" tabIndex={0} role="region" aria-label={t('nav.tasks')}>
      <table id="tasktable">
        <caption class="hidden">{t('nav.tasks')}</caption>
        <thead><tr>{titles.map((key) => <th key={key} scope="col">{t(key)}</th>)}<th scope="col"><span class="hidden">{t('actions')}</span></th></tr></thead>
        <tbody {...hold}>{rows}</tbody>
      </table>
    </div>
  )
}

function Tasks() {
  const all = useSignal(false)
  const by = useSignal<By>('due')
  useShownItem('task', (id) => {
    all.value ||= !isOpen(entity('task', id)!)
    pointOut(`[data-task="${CSS.escape(id)}"]`)
  })
  const open = entitiesOf('task').filter(isOpen)
  const late = open.filter((it) => isOverdue(it, shown_now.value)).length
  return (
    <>
      <div class="bar">
        <div class="chips" role="group" aria-label={t('task.by')}>
          {(['due', 'owner', 'state'] as const).map((it) => <Button key={it} pressed={by.value === it} onClick={() => { by.value = it }}>{t(`task.by_${it}`)}</Button>)}
        </div>
        <Button pressed={all.value} onClick={() => { all.value = !all.value }}>{t('task.also_done')}</Button>
        <span class="dimmed"><T k="task.open_n" n={open.length} /></span>
        {late > 0 && <b class="warn"><T k="task.late_n" n={late} /></b>}
        <span class="gap" />
        <Button writes="task.created" onClick={() => write('task.created')}>{t('task.form')}</Button>
        <Button writes="message.sent" onClick={() => write('message.sent')}>{t('task.order')}</Button>
      </div>
      <NewLine />
      <Board by={by.value} all={all.value} />
    </>
  )
}

const tabs: readonly Tab[] = ['tasks', 'needs', 'decisions']

export default function TaskScreen() {
  const tab = useSignal<Tab>('tasks')
  // The board of tasks or needs opens it; here only its part is chosen.
  if (shown_item.value.startsWith('task/')) tab.value = 'tasks'
  if (shown_item.value.startsWith('need/')) tab.value = 'needs'
  return (
    <section class="screen" aria-labelledby="tasks-title">
      <div class="bar tabbar">
        <h1 id="tasks-title">{t('nav.tasks')}</h1>
        <Tabs
          ids={tabs} chosen={tab.value} onChoose={(it) => { tab.value = it }} title={(it) => t(`task.tab_${it}`)}
          heading="tasks-title" part="task-part" prefix="tasktab-"
        />
        <span class="gap" />
        <Button keys="Ctrl P" onClick={() => void printPage(t(`task.tab_${tab.value}`))}>{t('print.print')}</Button>
      </div>
      <div class="part" id="task-part" role="tabpanel" aria-labelledby={'tasktab-' + tab.value}>
        {tab.value === 'tasks' ? <Tasks /> : tab.value === 'needs' ? <Needs /> : <Decisions />}
      </div>
    </section>
  )
}
