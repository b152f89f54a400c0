// What was decided, on what grounds, with which options and risks, and what follows from it.
import { T, t } from '../base/i18n'
import { clockText } from '../base/format'
import { fieldText, timeText, wordText } from '../base/values'
import { tests } from '../entry/forms'
import type { Entity } from '../net/incident'
import { entryOf } from '../state/acts'
import { entitiesOf, entity, shown_now, textOf, timeOf } from '../state/incident'
import { quick } from '../state/quick'
import { openEvent, write } from '../state/view'
import { Button, Empty } from '../ui/parts'

function Part(props: { name: string; children: string }) {
  return <><dt>{fieldText(props.name)}</dt><dd>{props.children ? <bdi>{props.children}</bdi> : <span class="dimmed">{t('entry.not_said')}</span>}</dd></>
}

/** What is said of a decision is for those whom it is for. */
const classOf = (it: Entity) => (textOf(it, 'class') ? { class: textOf(it, 'class') } : {})

function Judged(props: { it: Entity; test: (typeof tests)[number] }) {
  const word = textOf(props.it, props.test)
  return <td class={word === 'no' ? 'bad' : word === 'partly' ? 'warn' : word ? '' : 'dimmed'}>{word ? wordText(word) : '–'}</td>
}

/** Each option with how it stands the three tests; the chosen one is said in words, too. */
function Options(props: { it: Entity; options: readonly Entity[]; open: boolean }) {
  const { it } = props
  const chosen = textOf(it, 'choice')
  const choose = (choice: string) => void quick(entryOf('decision.option_chosen', { decision: it.id, choice }), t('decision.is_chosen', { option: choice }))
  const weigh = (option: Entity) => write('decision.option_weighed', Object.fromEntries([['option', option.id], ...[...tests, 'note', 'class'].map((name) => [name, textOf(option, name)])]))
  return (
    <table class="options">
      <thead>
        <tr>
          <th scope="col">{fieldText('options')}</th>{tests.map((test) => <th key={test} scope="col">{fieldText(test)}</th>)}
          <th scope="col"><span class="hidden">{t('actions')}</span></th>
        </tr>
      </thead>
      <tbody>
        {props.options.map((option) => (
          <tr key={option.id} class={option.id === chosen ? 'chosen' : ''} data-option={option.id}>
            <th scope="row">
              <bdi>{textOf(option, 'text')}</bdi> {option.id === chosen && <b class="choice">✓ {t('decision.chosen')}</b>}
              {textOf(option, 'note') && <small><bdi>{textOf(option, 'note')}</bdi></small>}
            </th>
            {tests.map((test) => <Judged key={test} it={option} test={test} />)}
            <td class="acts">
              {props.open && <Button class="small" writes="decision.option_weighed" onClick={() => weigh(option)}>{t('decision.weigh')}</Button>}
              {props.open && option.id !== chosen && <Button class="small" writes="decision.option_chosen" onClick={() => choose(option.id)}>{t('decision.choose')}</Button>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Card(props: { it: Entity }) {
  const { it } = props
  const state = textOf(it, 'state')
  const options = it.fields['options']
  const weighed = entitiesOf('option').filter((option) => textOf(option, 'decision') === it.id)
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
      <p class="what"><bdi>{textOf(it, 'text')}</bdi></p>
      <dl>
        {textOf(it, 'subject') && <Part name="subject">{textOf(it, 'subject')}</Part>}
        <Part name="rationale">{textOf(it, 'rationale')}</Part>
        {Array.isArray(options) && <><dt>{fieldText('options')}</dt><dd><ol>{options.map((option) => <li key={option}><bdi>{option}</bdi></li>)}</ol></dd></>}
        <Part name="risks">{textOf(it, 'risks')}</Part>
        {['strategy', 'powers', 'dissent', 'note'].filter((name) => textOf(it, name) !== '').map((name) => <Part key={name} name={name}>{textOf(it, name)}</Part>)}
        {Array.isArray(facts) && (
          <>
            <dt>{fieldText('facts')}</dt>
            <dd><ul>{facts.map((id) => <li key={id}><bdi>{id}</bdi> <bdi>{textOf(entity('fact', id), 'text')}</bdi></li>)}</ul></dd>
          </>
        )}
        {!Number.isNaN(review) && (
          <><dt>{fieldText('review_at')}</dt><dd class={due ? 'warn' : ''}><bdi>{timeText(review, shown_now.value)}</bdi>{due && <> {t('decision.review_due')}</>}</dd></>
        )}
        <dt>{t('decision.tasks')}</dt>
        <dd>
          {tasks.length === 0 ? <span class="dimmed">{t('decision.no_tasks')}</span>
            : <ul>{tasks.map((task) => <li key={task.id}><bdi>{task.id}</bdi> <bdi>{textOf(task, 'text')}</bdi> (<bdi>{textOf(task, 'owner')}</bdi>{t('comma')}{wordText(textOf(task, 'state'))})</li>)}</ul>}
        </dd>
      </dl>
      {weighed.length > 0 && <Options it={it} options={weighed} open={state === 'in-force'} />}
      {state === 'in-force' && (
        <div class="acts">
          <Button writes="task.created" onClick={() => write('task.created', { decision: it.id })}>{t('decision.new_task')}</Button>
          <Button writes="decision.option_offered" onClick={() => write('decision.option_offered', { decision: it.id, ...classOf(it) })}>{t('decision.add_option')}</Button>
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
