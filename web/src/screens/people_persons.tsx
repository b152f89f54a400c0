// Persons who are accounted for by name or tag: who is inside, since when, who is missing. One line takes what a
// scanner or a tired hand gives it: a tag that is known goes in or out, one that is not is registered first.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ageText, clockText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import { wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entitiesOf, entity, shown_now, textOf, timeOf } from '../state/incident'
import { placeName } from '../state/names'
import { quick } from '../state/quick'
import { writable } from '../state/rights'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

const rank = ['missing', 'injured', 'inside', 'rehab', 'checked-in', 'out']
const nameOf = (it: Entity) => textOf(it, 'name') || it.id
const stateOf = (it: Entity) => textOf(it, 'state') || 'checked-in'
const since = (it: Entity) => timeOf(it.fields[stateOf(it) === 'inside' ? 'inside_at' : 'recorded_at'] ?? it.fields['recorded_at'])

function enterZone(it: Entity): void {
  void quick({ kind: 'person.in', fields: { person: it.id } }, t('person.went_in', { who: nameOf(it) }), () => {
    void quick({ kind: 'person.out', fields: { person: it.id } }, t('person.went_out', { who: nameOf(it) }))
  })
}

function goOut(it: Entity): void {
  void quick({ kind: 'person.out', fields: { person: it.id } }, t('person.went_out', { who: nameOf(it) }), () => {
    void quick({ kind: 'person.in', fields: { person: it.id } }, t('person.went_in', { who: nameOf(it) }))
  })
}

function setStatus(it: Entity, accountability: string): void {
  const told = (word: string) => joined([nameOf(it), wordText(word, 'accountability')], ': ')
  const before = stateOf(it)
  const enter = (word: string, back?: () => void) => quick({ kind: 'person.status_set', fields: { person: it.id, accountability: word } }, told(word), back)
  void enter(accountability, () => void enter(before))
}

function Acts(props: { it: Entity }) {
  const { it } = props
  const state = stateOf(it)
  const inside = state === 'inside' || state === 'missing'
  return (
    <div class="acts" onClick={(event) => event.stopPropagation()}>
      {inside ? <Button writes="person.out" class="small" onClick={() => goOut(it)}>{t('person.out')}</Button> : <Button writes="person.in" class="small" onClick={() => enterZone(it)}>{t('person.in')}</Button>}
      {(['missing', 'injured', 'rehab'] as const).filter((word) => word !== state).map((word) => (
        <Button writes="person.status_set" key={word} class="small" onClick={() => setStatus(it, word)}>{wordText(word, 'accountability')}</Button>
      ))}
    </div>
  )
}

function columns(at: number): Column<Entity>[] {
  return [
    { id: 'name', title: t('person.who'), by: nameOf, cell: (it) => <><bdi>{nameOf(it)}</bdi>{nameOf(it) !== it.id && <small> <bdi>{it.id}</bdi></small>}</> },
    {
      id: 'state', title: t('col.state'), by: (it) => rank.indexOf(stateOf(it)),
      cell: (it) => <span class={stateOf(it) === 'missing' ? 'bad' : stateOf(it) === 'injured' ? 'warn' : ''}>{wordText(stateOf(it), 'accountability')}</span>,
    },
    { id: 'zone', title: t('col.where'), by: (it) => textOf(it, 'zone'), cell: (it) => <bdi>{textOf(it, 'zone') && placeName('zone', textOf(it, 'zone'))}</bdi> },
    { id: 'since', title: t('person.since'), by: (it) => -since(it), cell: (it) => <bdi>{clockText(since(it), false)} ({ageText(at - since(it))})</bdi> },
    { id: 'unit', title: t('col.unit'), by: (it) => textOf(it, 'unit'), cell: (it) => <bdi>{textOf(it, 'unit')}</bdi> },
    { id: 'agency', title: t('col.agency'), by: (it) => textOf(it, 'agency'), cell: (it) => <bdi>{textOf(it, 'agency')}</bdi> },
    { id: 'acts', title: t('actions'), cell: (it) => <Acts it={it} /> },
  ]
}

/** The tag that was scanned or typed, and the way it goes. */
function Gate() {
  const tag = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  const pass = async (inward: boolean) => {
    const typed = tag.value.trim()
    if (typed === '') return input.current?.focus()
    const known = entity('person', typed) ?? entitiesOf('person').find((it) => textOf(it, 'name').toLowerCase() === typed.toLowerCase())
    const id = known?.id ?? typed
    if (!known && !(await quick({ kind: 'person.registered', fields: { person: id, name: typed } }, t('person.registered', { who: typed })))) return
    const moved = known ?? { kind: 'person', id, made: 0, changed: 0, fields: { name: typed } }
    if (inward) enterZone(moved)
    else goOut(moved)
    tag.value = ''
    input.current?.focus()
  }
  const now_inside = entitiesOf('person').some((it) => it.id === tag.value.trim() && stateOf(it) === 'inside')
  return (
    <form
      class="gatebar"
      onSubmit={(event) => {
        event.preventDefault()
        void pass(!now_inside)
      }}
    >
      <label for="person-tag">{t('person.tag')}</label>
      <input
        id="person-tag" ref={input} type="text" dir="auto" autocomplete="off" list="person-tags" value={tag.value} {...writable('person.in')}
        onInput={(event) => { tag.value = event.currentTarget.value }}
      />
      <datalist id="person-tags">{entitiesOf('person').slice(0, 300).map((it) => <option key={it.id} value={it.id}>{nameOf(it)}</option>)}</datalist>
      <Button writes="person.in" kind={now_inside ? 'plain' : 'primary'} keys={now_inside ? undefined : '↵'} onClick={() => void pass(true)}>{t('person.in')}</Button>
      <Button writes="person.out" kind={now_inside ? 'primary' : 'plain'} keys={now_inside ? '↵' : undefined} onClick={() => void pass(false)}>{t('person.out')}</Button>
    </form>
  )
}

export function Persons() {
  const words = useSignal('')
  const only_inside = useSignal(false)
  const wanted = words.value.trim().toLowerCase()
  const all = entitiesOf('person')
  const count = (state: string) => all.filter((it) => stateOf(it) === state).length
  const rows = all.filter((it) => {
    if (only_inside.value && !['inside', 'missing'].includes(stateOf(it))) return false
    return !wanted || `${it.id} ${textOf(it, 'name')} ${textOf(it, 'unit')} ${textOf(it, 'agency')} ${textOf(it, 'aliases')}`.toLowerCase().includes(wanted)
  })
  return (
    <>
      <div class="bar">
        <Gate />
        <span><T k="person.inside_n" n={count('inside')} /></span>
        {count('missing') > 0 && <b class="bad"><T k="person.missing_n" n={count('missing')} /></b>}
        <span class="gap" />
        <Button pressed={only_inside.value} onClick={() => { only_inside.value = !only_inside.value }}>{t('person.only_inside')}</Button>
        <input
          type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto" value={words.value}
          onInput={(event) => { words.value = event.currentTarget.value }}
        />
        <Button writes="person.registered" onClick={() => write('person.registered')}>{t('person.new')}</Button>
      </div>
      {rows.length === 0
        ? <Empty>{all.length === 0 ? t('person.empty') : t('people.none')}</Empty>
        : (
          <Table
            id="persontable" caption={t('people.tab_persons')} columns={columns(shown_now.value)} rows={rows} sort="state" keyOf={(it) => it.id}
            rowClass={(it) => (stateOf(it) === 'missing' ? 'crit' : '')}
          />
        )}
    </>
  )
}
