// What was decided, on what grounds, with which options and risks, and what follows from it.
import { T, t } from '../base/i18n'
import { clockText } from '../base/format'
import { fieldText, timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entitiesOf, entity, shown_now, textOf, timeOf } from '../state/incident'
import { openEvent, write } from '../state/view'
import { Button, Empty } from '../ui/parts'

function Part(props: { name: string; children: string }) {
  return <><dt>{fieldText(props.name)}</dt><dd dir="auto">{props.children || <span class="dimmed">{t('entry.not_said')}</span>}</dd></>
}

function Card(props: { it: Entity }) {
  const { it } = props
  const state = textOf(it, 'state')
  const options = it.fields['options']
  const facts = it.fields['facts']
  const review = timeOf(it.fields['review_at'])
  const tasks = entitiesOf('task').filter((task) => textOf(task, 'decision') === it.id)
  const due = state === 'in-force' && review < shown_now.value
  return (
    <li class={`card decision ${state === 'in-force' ? '' : 'out'}`} data-decision={it.id}>
      <div class="sechead">
        <h2><bdi>{it.id}</bdi> <bdi>{clockText(timeOf(it.fields['made_at'] ?? it.fields['recorded_at']), false)}</bdi></h2>
        <span>{wordText(state)}</span>
        <button type="button" class="link" onClick={() => openEvent(it.made)}><bdi>#{it.made}</bdi></button>
      </div>
      <p class="what" dir="auto">{textOf(it, 'text')}</p>
      <dl>
        <Part name="rationale">{textOf(it, 'rationale')}</Part>
        {Array.isArray(options) && <><dt>{fieldText('options')}</dt><dd><ol>{options.map((option) => <li key={option} dir="auto">{option}</li>)}</ol></dd></>}
        <Part name="risks">{textOf(it, 'risks')}</Part>
        {['strategy', 'powers', 'dissent'].filter((name) => textOf(it, name) !== '').map((name) => <Part key={name} name={name}>{textOf(it, name)}</Part>)}
        {Array.isArray(facts) && (
          <>
            <dt>{fieldText('facts')}</dt>
            <dd>{facts.map((id) => <span key={id} dir="auto"><bdi>{id}</bdi> {textOf(entity('fact', id), 'text')} </span>)}</dd>
          </>
        )}
        {!Number.isNaN(review) && (
          <><dt>{fieldText('review_at')}</dt><dd class={due ? 'warn' : ''}><bdi>{timeText(review, shown_now.value)}</bdi>{due && <> {t('decision.review_due')}</>}</dd></>
        )}
        <dt>{t('decision.tasks')}</dt>
        <dd>
          {tasks.length === 0 ? <span class="dimmed">{t('decision.no_tasks')}</span>
            : <ul>{tasks.map((task) => <li key={task.id} dir="auto"><bdi>{task.id}</bdi> {textOf(task, 'text')} (<bdi>{textOf(task, 'owner')}</bdi>{t('comma')}{wordText(textOf(task, 'state'))})</li>)}</ul>}
        </dd>
      </dl>
      {state === 'in-force' && (
        <div class="acts">
          <Button writes="task.created" onClick={() => write('task.created', { decision: it.id })}>{t('decision.new_task')}</Button>
          <Button writes="decision.reasoned" onClick={() => write('decision.reasoned', { decision: it.id, rationale: textOf(it, 'rationale'), risks: textOf(it, 'risks') })}>{t('decision.reason')}</Button>
          <Button writes="decision.reviewed" onClick={() => write('decision.reviewed', { decision: it.id })}>{t('decision.review')}</Button>
          <Button writes="decision.ended" onClick={() => write('decision.ended', { decision: it.id })}>{t('decision.end')}</Button>
        </div>
      )}
    </li>
  )
}

export function Decisions() {
  const list = [...entitiesOf('decision')].reverse()
  const unreasoned = list.filter((it) => !textOf(it, 'rationale')).length
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t('task.tab_decisions')}>
      <div class="bar">
        {unreasoned > 0 && <b class="warn"><T k="decision.unreasoned" n={unreasoned} /></b>}
        <span class="gap" />
        <Button writes="decision.taken" kind="primary" onClick={() => write('decision.taken')}>{t('decision.new')}</Button>
      </div>
      {list.length === 0 ? <Empty>{t('decision.empty')}</Empty> : <ul class="decisions">{list.map((it) => <Card key={it.id} it={it} />)}</ul>}
    </div>
  )
}
