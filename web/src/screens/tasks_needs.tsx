// What was asked for and who brings it; what somebody has promised, and whether it was kept.
import { T, t } from '../base/i18n'
import { ageText } from '../base/format'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entitiesOf, shown_now, textOf, timeOf } from '../state/incident'
import { quick } from '../state/quick'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'

function Due(props: { it: Entity; open: boolean }) {
  const at = timeOf(props.it.fields['due_at'])
  if (Number.isNaN(at)) return <span class="dimmed">{t('task.no_time')}</span>
  const late = props.open && at < shown_now.value
  return <><bdi>{timeText(at, shown_now.value)}</bdi>{late && <small class="warn"><T k="task.overdue" p={{ age: ageText(shown_now.value - at) }} /></small>}</>
}

function NeedRow(props: { it: Entity }) {
  const { it } = props
  const state = textOf(it, 'state')
  const open = state === 'requested' || state === 'committed'
  return (
    <tr class={open ? '' : 'out'}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="end figure"><bdi>{textOf(it, 'count')}</bdi></td>
      <td class="wraps" dir="auto">{textOf(it, 'text')}<small>{wordText(textOf(it, 'unit_category'), 'unit_category')} <bdi>{textOf(it, 'place')}</bdi></small></td>
      <td><Due it={it} open={open} /></td>
      <td>{wordText(state, 'need')}<small><bdi>{textOf(it, 'by')} {textOf(it, 'unit')}</bdi></small></td>
      <td class="acts">
        {state === 'requested' && <Button writes="need.committed" onClick={() => write('need.committed', { need: it.id })}>{t('need.commit')}</Button>}
        {open && <Button writes="need.filled" onClick={() => void quick({ kind: 'need.filled', fields: { need: it.id } }, t('need.is_filled', { need: it.id }))}>{t('need.fill')}</Button>}
        {open && <Button writes="need.refused" onClick={() => write('need.refused', { need: it.id })}>{t('need.refuse')}</Button>}
      </td>
    </tr>
  )
}

function CommitmentRow(props: { it: Entity }) {
  const { it } = props
  const open = textOf(it, 'state') === 'open'
  return (
    <tr class={open ? '' : 'out'}>
      <th scope="row"><bdi>{it.id}</bdi></th>
      <td class="wraps" dir="auto">{textOf(it, 'text')}<small><bdi>{textOf(it, 'note')}</bdi></small></td>
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
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t('task.tab_needs')}>
      <div class="bar"><h2>{t('need.needs')}</h2><span class="gap" /><Button writes="need.raised" kind="primary" onClick={() => write('need.raised')}>{t('need.new')}</Button></div>
      {needs.length === 0
        ? <Empty>{t('need.empty')}</Empty>
        : (
          <table id="needtable">
            <caption class="hidden">{t('need.needs')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('task.id')}</th><th scope="col" class="end">{t('need.count')}</th><th scope="col">{t('task.what')}</th><th scope="col">{t('task.due')}</th>
                <th scope="col">{t('col.state')}</th>{actions()}
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
