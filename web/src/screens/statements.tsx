// Statements (7): what we say and to whom, how far each is on its way out, and what may not be said and why.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import '../css/statements.css'
import { T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { wordsOf } from '../entry/schema'
import { entitiesOf, release, shown_now, textOf, timeOf } from '../state/incident'
import { byState, differsNow, isOut, lightOf, versionOf } from '../state/statements'
import { useShownItem } from '../ui/shown_item'
import { Button, Empty } from '../ui/parts'
import { Alerts, Media, Responsibility } from './said_else'
import { StatementCard } from './statement_card'
import { LightSign } from './statement_line'
import { makeStatement } from './statement_make'

const states = ['draft', 'checked', 'approved', 'released', 'questioned', 'corrected', 'withdrawn'] as const

function Item(props: { it: Entity; all: readonly Entity[]; chosen: boolean; onChoose: () => void }) {
  const { it } = props
  const state = textOf(it, 'state')
  const light = lightOf(it.id)
  return (
    <li>
      <button type="button" class="statement-item" aria-current={props.chosen ? 'true' : undefined} data-id={it.id} onClick={props.onChoose}>
        <b><bdi>{it.id}</bdi> <small><T k="statement.version" p={{ n: versionOf(it.id, props.all) }} /></small></b>
        <span class={state === 'questioned' ? 'bad' : ''}>{wordText(state, 'statement')}</span>
        <small><T k="statement.says_to" p={{ who: textOf(it, 'speaker'), whom: wordText(textOf(it, 'audience'), 'audience') }} /></small>
        <small><bdi>{timeText(timeOf(it.fields['recorded_at']), shown_now.value)}</bdi></small>
        {isOut(state) ? differsNow(it.id) && <b class="warn">≠ {t('said.differs')}</b> : light && <LightSign light={light} />}
      </button>
    </li>
  )
}

function NewStatement(props: { onMade: (id: string) => void; onClose: () => void }) {
  const speaker = useSignal('')
  const audience = useSignal('public')
  const wrong = useSignal('')
  const first = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => first.current?.focus(), [])
  const speakers = [...new Set(entitiesOf('statement').map((it) => textOf(it, 'speaker')))]
  const make = async (event: SubmitEvent) => {
    event.preventDefault()
    const made = await makeStatement({ speaker: speaker.value.trim(), audience: audience.value })
    if ('wrong' in made) wrong.value = made.wrong
    else props.onMade(made.id)
  }
  return (
    <form class="newstatement card" onSubmit={(event) => void make(event)} aria-labelledby="new-statement">
      <h2 id="new-statement">{t('statement.draft')}</h2>
      <div class="field">
        <label for="statement-speaker">{t('statement.speaker')}</label>
        <input id="statement-speaker" ref={first} type="text" required dir="auto" list="statement-speakers" value={speaker.value} onInput={(event) => { speaker.value = event.currentTarget.value }} />
        <datalist id="statement-speakers">{speakers.map((who) => <option key={who} value={who} />)}</datalist>
      </div>
      <div class="radios" role="radiogroup" aria-label={t('statement.audience')}>
        {wordsOf('audience').map((word) => (
          <label key={word}><input type="radio" name="audience" value={word} checked={audience.value === word} onChange={() => { audience.value = word }} /><span>{wordText(word, 'audience')}</span></label>
        ))}
      </div>
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      <div class="acts"><Button writes="statement.drafted" kind="primary" type="submit">{t('statement.begin')}</Button><Button onClick={props.onClose}>{t('entry.cancel')}</Button></div>
    </form>
  )
}

function Filters(props: { state: string; audience: string; set: (change: { state?: string; audience?: string }) => void }) {
  return (
    <>
      <select aria-label={t('statement.by_state')} value={props.state} onChange={(event) => props.set({ state: event.currentTarget.value })}>
        <option value="">{t('statement.any_state')}</option>
        {states.map((word) => <option key={word} value={word}>{wordText(word, 'statement')}</option>)}
      </select>
      <select aria-label={t('statement.audience')} value={props.audience} onChange={(event) => props.set({ audience: event.currentTarget.value })}>
        <option value="">{t('statement.any_audience')}</option>
        {wordsOf('audience').map((word) => <option key={word} value={word}>{wordText(word, 'audience')}</option>)}
      </select>
    </>
  )
}

const views = ['ours', 'alerts', 'others'] as const

export default function StatementScreen() {
  const view = useSignal<(typeof views)[number]>('ours')
  const filter = useSignal({ state: '', audience: '' })
  const chosen = useSignal('')
  const making = useSignal(false)
  useShownItem('statement', (id) => {
    view.value = 'ours'
    chosen.value = id
    making.value = false
  })
  const all = entitiesOf('statement')
  const { state, audience } = filter.value
  const rows = all.filter((it) => (!state || textOf(it, 'state') === state) && (!audience || textOf(it, 'audience') === audience)).sort(byState)
  const it = all.find((one) => one.id === chosen.value) ?? rows[0]
  const choose = (id: string) => {
    chosen.value = id
    making.value = false
  }
  return (
    <section class="screen scrolls statements" aria-labelledby="statements-title">
      <div class="bar">
        <h1 id="statements-title">{t('nav.statements')}</h1>
        <div class="chips" role="group" aria-label={t('nav.statements')}>
          {views.map((one) => <Button key={one} pressed={view.value === one} onClick={() => { view.value = one }}>{t(`statement.view_${one}`)}</Button>)}
        </div>
        <span class="gap" />
        {release.value && !release.value.families_know && <b class="warn families">! {t('guard.families')}</b>}
        {view.value === 'ours' && <Button writes="statement.drafted" kind="primary" onClick={() => { making.value = true }}>{t('statement.draft')}</Button>}
      </div>
      {view.value === 'alerts' && <div class="pad"><Alerts /></div>}
      {view.value === 'others' && <div class="pad columns2"><Media /><Responsibility /></div>}
      {view.value === 'ours' && (
        <div class="statement-desk">
          <aside class="statement-list" aria-label={t('nav.statements')}>
            <div class="filters no-print"><Filters state={state} audience={audience} set={(change) => { filter.value = { ...filter.value, ...change } }} /></div>
            {rows.length === 0 && <Empty>{all.length === 0 ? t('statement.empty') : t('statement.none_such')}</Empty>}
            <ul>{rows.map((one) => <Item key={one.id} it={one} all={all} chosen={one.id === it?.id && !making.value} onChoose={() => choose(one.id)} />)}</ul>
          </aside>
          <div class="statement-work">
            {making.value && <NewStatement onMade={choose} onClose={() => { making.value = false }} />}
            {!making.value && it && <StatementCard key={it.id} it={it} onMade={choose} />}
          </div>
        </div>
      )}
    </section>
  )
}
