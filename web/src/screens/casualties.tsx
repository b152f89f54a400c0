// Casualties (5): what each source says, side by side with what is confirmed and what was accepted; the persons by
// tag; and where they were sent. A count that nobody reported is blank in words, never 0.
import { useSignal } from '@preact/signals'
import '../css/casualties.css'
import { T, t } from '../base/i18n'
import { wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import type { Entity } from '../net/incident'
import { fits, shownCounters } from '../state/casualties'
import type { Wanted } from '../state/casualties'
import { counters, entitiesOf, shown_now, strip, textOf } from '../state/incident'
import { may_write } from '../state/past'
import { write } from '../state/view'
import { printPage } from '../ui/print'
import { pointOut, useShownItem } from '../ui/shown_item'
import { Button, Empty } from '../ui/parts'
import { Table } from '../ui/table'
import { AcceptFigure } from './casualty_accept'
import { CasualtyCard } from './casualty_card'
import { Claims, Matrix } from './casualty_matrix'
import { Hospitals, columns, placeOf, seesKin } from './casualties_table'

function Counts() {
  const accepting = useSignal(false)
  const names = shownCounters(counters.value?.counters)
  return (
    <section class="card counts" aria-labelledby="counts-title">
      <div class="sechead">
        <h2 id="counts-title">{t('count.by_source')}</h2>
        <small>{t('count.blank_not_zero')}</small>
        <small class="dimmed"><T k="strip.rule" p={{ rule: strip.value?.rule ?? '' }} /></small>
      </div>
      <Matrix names={names} />
      {may_write.value && (
        <div class="acts no-print">
          <Button writes="count.accepted" kind="primary" pressed={accepting.value} onClick={() => { accepting.value = !accepting.value }}>{t('count.accept')}</Button>
          <Button writes="count.claimed" onClick={() => write('count.claimed', { counter: 'killed' })}>{t('count.claim')}</Button>
          <span class="gap" />
          <small class="dimmed">{t('count.old_stay')}</small>
        </div>
      )}
      {accepting.value && may_write.value && <AcceptFigure names={names} onDone={() => { accepting.value = false }} />}
      <Claims names={names} />
    </section>
  )
}

function Filters(props: { wanted: Wanted; places: readonly string[]; states: readonly string[]; set: (change: Partial<Wanted>) => void }) {
  const { wanted, set } = props
  return (
    <>
      <div class="chips" role="group" aria-label={t('col.triage')}>
        {wordsOf('triage').map((word) => (
          <Button key={word} class="small" pressed={wanted.triage === word} onClick={() => set({ triage: wanted.triage === word ? '' : word })}>{wordText(word, 'triage')}</Button>
        ))}
      </div>
      <select aria-label={t('col.state')} value={wanted.state} onChange={(event) => set({ state: event.currentTarget.value })}>
        <option value="">{t('casualty.any_state')}</option>
        {props.states.map((word) => <option key={word} value={word}>{wordText(word, 'casualty_status')}</option>)}
      </select>
      <select aria-label={t('col.where')} value={wanted.place} onChange={(event) => set({ place: event.currentTarget.value })}>
        <option value="">{t('casualty.any_place')}</option>
        {props.places.map((place) => <option key={place} value={place}>{place}</option>)}
      </select>
    </>
  )
}

/** On paper the list can leave out what is not for everybody who holds a sheet. */
const kept_from_paper = new Set(['to', 'said', 'kin'])

function Persons(props: { rows: readonly Entity[] }) {
  const tag = useSignal('')
  const wanted = useSignal<Wanted>({ triage: '', state: '', place: '' })
  const tags_only = useSignal(false)
  useShownItem('casualty', (id) => {
    wanted.value = { triage: '', state: '', place: '' }
    tag.value = id
    pointOut('.card.casualty')
  })
  const all = props.rows
  const rows = all.filter((it) => fits(it, wanted.value, placeOf(it)))
  const chosen = all.find((it) => it.id === tag.value)
  const places = [...new Set(all.map(placeOf).filter(Boolean))].sort()
  const states = [...new Set(all.map((it) => textOf(it, 'state')))]
  const shown = columns(shown_now.value).filter((column) => !tags_only.value || !kept_from_paper.has(column.id))
  return (
    <section class="card persons" aria-labelledby="persons-title">
      <div class="sechead no-print">
        <h2 id="persons-title">{t('count.persons')} <small><T k="count.persons_n" n={rows.length} /></small></h2>
        <Filters wanted={wanted.value} places={places} states={states} set={(change) => { wanted.value = { ...wanted.value, ...change } }} />
        <span class="gap" />
        <label class="check"><input type="checkbox" checked={tags_only.value} onChange={(event) => { tags_only.value = event.currentTarget.checked }} />{t('casualty.tags_only')}</label>
        <Button class="small" keys="Ctrl P" onClick={() => void printPage(t('casualty.list'))}>{t('casualty.print')}</Button>
      </div>
      <p class="print-only">{t(tags_only.value || !seesKin() ? 'casualty.paper_tags' : 'casualty.paper_full')}</p>
      <div class={chosen ? 'withcard' : ''}>
        {rows.length === 0
          ? <Empty>{all.length === 0 ? t('count.no_persons') : t('casualty.none_such')}</Empty>
          : (
            <Table
              id="casualtytable" caption={t('count.persons')} columns={shown} rows={rows} sort="tag" keyOf={(it) => it.id}
              chosen={(it) => it.id === tag.value} onRow={(it) => { tag.value = it.id === tag.value ? '' : it.id }}
            />
          )}
        {chosen && <CasualtyCard key={chosen.id} it={chosen} onClose={() => { tag.value = '' }} />}
      </div>
    </section>
  )
}

export default function CasualtyScreen() {
  const casualties = entitiesOf('casualty').filter((it) => textOf(it, 'state') !== 'merged')
  return (
    <section class="screen scrolls casualties" aria-labelledby="casualties-title">
      <div class="bar">
        <h1 id="casualties-title">{t('nav.casualties')}</h1>
        <span class="gap" />
        {may_write.value && <Button writes="casualty.reported" kind="primary" onClick={() => write('casualty.reported')}>{t('count.new')}</Button>}
      </div>
      <Counts />
      <Persons rows={casualties} />
      <Hospitals casualties={casualties} />
    </section>
  )
}
