// What was asked for and who brings it; what somebody has promised, and whether it was kept.
import { joined, T, t } from '../base/i18n'
import { ageText } from '../base/format'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entitiesOf, isLateNeed, isWanted, needDue, shown_now, textOf, timeOf } from '../state/incident'
import { quick } from '../state/quick'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { pointOut, useShownItem } from '../ui/shown_item'

function Due(props: { it: Entity; open: boolean }) {
  const at = timeOf(props.it.fields['due_at'])
  if (Number.isNaN(at)) return <span class="dimmed">{t('task.no_time')}</span>
  const late = props.open && at < shown_now.value
  return <><bdi>{timeText(at, shown_now.value)}</bdi>{late && <small class="warn"><T k="task.overdue" p={{ age: ageText(shown_now.value - at) }} /></small>}</>
}

/** When it is wanted, when it is expected, and that it is late. */
function NeedDue(props: { it: Entity }) {
  const { it } = props
  const now = shown_now.value
  const [wanted, expected] = [timeOf(it.fields['due_at']), timeOf(it.fields['expected_at'])]
  if (Number.isNaN(wanted) && Number.isNaN(expected)) return <span class="dimmed">{t('task.no_time')}</span>
  return (
    <>
      {!Number.isNaN(wanted) && <bdi>{timeText(wanted, now)}</bdi>}
      {!Number.isNaN(expected) && <small><T k="need.expected" p={{ time: timeText(expected, now) }} /></small>}
      {isLateNeed(it, now) && <small class="warn"><T k="task.overdue" p={{ age: ageText(now - needDue(it)) }} /></small>}
    </>
  )
}

/** Where it stands, who brings it, and why it is refused, late or over. */
function NeedState(props: { it: Entity }) {
  const { it } = props
  const units = it.fields['units']
  const who = [textOf(it, 'by'), textOf(it, 'unit'), ...(Array.isArray(units) ? units.map(String) : [])].filter(Boolean)
  const over = [textOf(it, 'reason'), textOf(it, 'released_by')].filter(Boolean)
  return (
    <>
      {wordText(textOf(it, 'state'), 'need')}
      {who.length > 0 && <small>{joined([...new Set(who)], t('comma'))}</small>}
      {over.length > 0 && <small>{joined(over, ' · ')}</small>}
    </>
  )
}

function NeedActs(props: { it: Entity }) {
  const need = props.it.id
  const state = textOf(props.it, 'state')
  const open = isWanted(props.it)
  const arrived = () => void quick({ kind: 'need.filled', fields: { need } }, t('need.is_filled', { need }))
  return (
    <>
      {state === 'requested' && <Button writes="need.committed" onClick={() => write('need.committed', { need })}>{t('need.commit')}</Button>}
      {open && <Button writes="need.enroute" onClick={() => write('need.enroute', { need })}>{t(state === 'enroute' ? 'need.new_time' : 'need.sets_out')}</Button>}
      {open && <Button writes="need.filled" onClick={arrived}>{t('need.fill')}</Button>}
      {open && state !== 'enroute' && <Button writes="need.refused" onClick={() => write('need.refused', { need })}>{t('need.refuse')}</Button>}
      {(state === 'enroute' || state === 'checked-in') && <Button writes="need.released" onClick={() => write('need.released', { need })}>{t('need.release')}</Button>}
    </>
  )
}

function NeedRow(props: { it: Entity }) {
  const { it } = props
  const priority = textOf(it, 'priority')
  const kind = [textOf(it, 'unit_category') && wordText(textOf(it, 'unit_category'), 'unit_category'), textOf(it, 'resource_type'), textOf(it, 'place')].filter(Boolean)
  return (
    <tr class={isLateNeed(it, shown_now.value) ? 'warn' : ['refused', 'released'].includes(textOf(it, 'state')) ? 'out' : ''} data-need={it.id} tabIndex={-1}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="end figure"><bdi>{textOf(it, 'count')}</bdi></td>
      <td class="wraps"><bdi>{textOf(it, 'text')}</bdi>{kind.length > 0 && <small>{joined(kind, ' · ')}</small>}</td>
      <td class={priority === 'critical' ? 'bad' : priority === 'urgent' ? 'strong' : ''}>{priority && priority !== 'routine' && wordText(priority, 'priority')}</td>
      <td><NeedDue it={it} /></td>
      <td class="wraps"><NeedState it={it} /></td>
      <td class="acts"><NeedActs it={it} /></td>
    </tr>
  )
}

function CommitmentRow(props: { it: Entity }) {
  const { it } = props
  const open = textOf(it, 'state') === 'open'
  return (
    <tr class={open ? '' : 'out'}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="wraps"><bdi>{textOf(it, 'text')}</bdi><small><bdi>{textOf(it, 'note')}</bdi></small></td>
      <td><bdi>{textOf(it, 'by')}</bdi></td>
      <td><bdi>{textOf(it, 'owner')}</bdi></td>
      <td><Due it={it} open={open} /></td>
      <td>{wordText(textOf(it, 'state'))}</td>
      <td class="acts">{open && <Button writes="commitment.kept" onClick={() => write('commitment.kept', { commitment: it.id })}>{t('need.kept')}</Button>}</td>
    </tr>
  )
}

const actions = () => <th scope="col"><span class="hidden">{t('actions')}</span></th>

export function Needs() {
  const needs = entitiesOf('need')
  const promises = entitiesOf('commitment')
  const late = needs.filter((it) => isLateNeed(it, shown_now.value)).length
  useShownItem('need', (id) => pointOut(`[data-need="${CSS.escape(id)}"]`))
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t('task.tab_needs')}>
      <div class="bar">
        <h2>{t('need.needs')}</h2>{late > 0 && <b class="warn"><T k="task.late_n" n={late} /></b>}<span class="gap" />
        <Button writes="need.raised" kind="primary" onClick={() => write('need.raised')}>{t('need.new')}</Button>
      </div>
      {needs.length === 0
        ? <Empty>{t('need.empty')}</Empty>
        : (
          <table id="needtable">
            <caption class="hidden">{t('need.needs')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('task.id')}</th><th scope="col" class="end">{t('need.count')}</th><th scope="col">{t('task.what')}</th><th scope="col">{t('task.priority')}</th>
                <th scope="col">{t('need.wanted')}</th><th scope="col">{t('col.state')}</th>{actions()}
              </tr>
            </thead>
            <tbody>{needs.map((it) => <NeedRow key={it.id} it={it} />)}</tbody>
          </table>
        )}
      <div class="bar"><h2>{t('need.promises')}</h2><span class="gap" /><Button writes="commitment.made" onClick={() => write('commitment.made')}>{t('need.new_promise')}</Button></div>
      {promises.length === 0
        ? <Empty>{t('need.no_promises')}</Empty>
        : (
          <table id="commitmenttable">
            <caption class="hidden">{t('need.promises')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('task.id')}</th><th scope="col">{t('task.what')}</th><th scope="col">{t('need.by')}</th><th scope="col">{t('task.owner')}</th>
                <th scope="col">{t('task.due')}</th><th scope="col">{t('col.state')}</th>{actions()}
              </tr>
            </thead>
            <tbody>{promises.map((it) => <CommitmentRow key={it.id} it={it} />)}</tbody>
          </table>
        )}
    </div>
  )
}
