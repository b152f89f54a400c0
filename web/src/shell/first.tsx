// The first minute, over the world map: open an incident, bring the phones in, add the building; and whether this
// laptop will hold. Every card works without the others, and all of it by keyboard alone.
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import '../css/first.css'
import { latLonText, mgrsText } from '../base/geo'
import { t } from '../base/i18n'
import { parsePlace } from '../base/place'
import { fieldText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import { map_commands } from '../map/commands'
import { drawing, startDrawing } from '../state/drawing'
import { confirmed, firstFix, joined_phones } from '../state/arrivals'
import { first_asked, just_opened, putFirstAway } from '../state/first'
import { incident_id, nextId, strip } from '../state/incident'
import { BASEMENTS_MAX, FLOORS_MAX, STRUCTURE, nothing_asked, sendPlan, structureStep, useOpening } from '../state/opening'
import type { Asked } from '../state/opening'
import { submit } from '../state/outbox'
import { session } from '../state/session'
import { said, writing } from '../state/view'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { PhonesCard } from './first_phones'
import { CardHead } from './first_head'
import { Laptop } from './first_laptop'
import { PracticeBox } from './practice'

type Wrong = { field: string; text: string } | null

interface Form {
  asked: Signal<Asked>
  plan: Signal<File | null>
  wrong: Signal<Wrong>
  set: (to: Partial<Asked>) => void
}

function Types(props: { form: Form }) {
  const { asked, set } = props.form
  return (
    <div class="field">
      <span class="label" id="first-type">{fieldText('type')}</span>
      <div class="radios" role="radiogroup" aria-labelledby="first-type">
        {wordsOf('type').map((word) => (
          <label key={word}>
            <input type="radio" name="first-type" checked={asked.value.type === word} onChange={() => set({ type: word })} />
            <span>{wordText(word, 'type')}</span>
          </label>
        ))}
      </div>
    </div>
  )
}

/** Words, coordinates, a point on the map, or where the first phone is. */
function PlaceField(props: { form: Form }) {
  const { asked, set } = props.form
  const typed = (text: string) => {
    const at = parsePlace(text)
    set(at ? { place: text, at } : { place: text })
  }
  const { at } = asked.value
  const phone = firstFix()
  return (
    <div class="field">
      <label for="first-place">{fieldText('place')}</label>
      <input
        id="first-place" type="text" dir="auto" autocomplete="off" maxLength={120} placeholder={t('first.place_hint')} value={asked.value.place}
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <div class="acts">
        <Button class="small" onClick={() => startDrawing('place', ([it]) => set({ at: it! }))}>{t('first.click_map')}</Button>
        <Button class="small" disabled={!phone} onClick={() => { if (phone) set({ at: { lat: phone.lat, lon: phone.lon } }) }}>{t('first.at_phone')}</Button>
      </div>
      {at && (
        <small class="found">
          <bdi>{latLonText(at.lat, at.lon)}</bdi> <bdi>{mgrsText(at.lat, at.lon)}</bdi>
          <button type="button" class="square" aria-label={t('first.no_place')} onClick={() => set({ at: null })}><Icon name="close" /></button>
        </small>
      )}
    </div>
  )
}

function Line(props: { form: Form; name: 'name' | 'commander'; label: string; focus?: boolean }) {
  const { asked, wrong, set } = props.form
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => { if (props.focus) input.current?.focus() }, [])
  const is_wrong = wrong.value?.field === props.name
  return (
    <div class="field">
      <label for={'first-' + props.name}>{props.label}</label>
      <input
        id={'first-' + props.name} ref={input} type="text" dir="auto" autocomplete="off" maxLength={120} value={asked.value[props.name]}
        aria-invalid={is_wrong ? 'true' : undefined} aria-describedby={is_wrong ? 'first-wrong' : undefined}
        onInput={(event) => set({ [props.name]: event.currentTarget.value })}
      />
    </div>
  )
}

function OpenCard(props: { form: Form; onOpened: (id: string) => void }) {
  const { asked, wrong, plan, set } = props.form
  const busy = useSignal(false)
  const open = useOpening((kind) => wordText(kind, 'agency_kind'))
  const onSubmit = async (event: Event) => {
    event.preventDefault()
    wrong.value = asked.value.name.trim() ? null : { field: 'name', text: t('entry.wrong_needed') }
    if (wrong.value || busy.value) return
    busy.value = true
    const arrivals = joined_phones.value.filter((it) => confirmed.value.has(it.client.uid)).map((it) => ({ callsign: it.client.callsign, agency_kind: it.kind }))
    // Coordinates are no name of a place.
    const place = parsePlace(asked.value.place) ? '' : asked.value.place
    const result = await open({ ...asked.value, place, arrivals, storeys: plan.value ? 0 : asked.value.storeys })
    busy.value = false
    if ('text' in result) wrong.value = result
    else props.onOpened(result.id)
  }
  return (
    <form class="card" onSubmit={(event) => void onSubmit(event)} noValidate aria-labelledby="first-open">
      <CardHead n={1} id="first-open" title={t('open.title')} about={t('first.open_about')} />
      <Line form={props.form} name="name" label={fieldText('name')} focus />
      <Types form={props.form} />
      <PlaceField form={props.form} />
      <Line form={props.form} name="commander" label={t('open.commander')} />
      <label class="check">
        <input type="checkbox" checked={asked.value.exercise} onChange={(event) => set({ exercise: event.currentTarget.checked })} />
        {t('open.exercise')}
      </label>
      <p class="wrong" id="first-wrong" role="alert">{wrong.value?.text}</p>
      <Button writes="incident.opened" kind="primary" type="submit" keys="↵" class="wide" disabled={busy.value}>{t('open.submit')}</Button>
    </form>
  )
}

function Stepper(props: { label: string; value: number; text: string; max: number; set: (n: number) => void; fewer: string; more: string }) {
  const step = (by: number) => props.set(Math.min(props.max, Math.max(0, props.value + by)))
  return (
    <div class="field">
      <span class="label">{props.label}</span>
      <div class="stepper" role="group" aria-label={props.label}>
        <Button label={props.fewer} onClick={() => step(-1)}><Icon name="minus" /></Button>
        <output><bdi>{props.text}</bdi></output>
        <Button label={props.more} onClick={() => step(1)}><Icon name="plus" /></Button>
      </div>
    </div>
  )
}

/** "G+4": the ground floor and four above it. */
const storeysText = (n: number) => (n === 0 ? t('first.no_building') : n === 1 ? 'G' : `G+${n - 1}`)

function BuildingCard(props: { form: Form }) {
  const { asked, plan, set } = props.form
  const outcome = useSignal('')
  const busy = useSignal(false)
  const { storeys, basements, roof } = asked.value
  /** While an incident is open the building is added to it at once. */
  const add = async () => {
    busy.value = true
    const structure = nextId('structure', 'B')
    const step = structureStep(asked.value, structure)
    const answer = plan.value ? await sendPlan(incident_id.peek(), structure, plan.value) : await submit(step.entry)
    busy.value = false
    const failed = typeof answer === 'string' ? answer : answer.is === 'refused' ? answer.detail : ''
    outcome.value = failed || t('first.building_added')
  }
  return (
    <section aria-labelledby="first-building" class="building">
      <CardHead n={3} id="first-building" title={t('first.building')} about={t('first.building_about')} />
      <div class="steppers">
        <Stepper label={t('first.floors')} value={storeys} text={storeysText(storeys)} max={FLOORS_MAX} fewer={t('open.fewer')} more={t('open.more')} set={(n) => set({ storeys: n })} />
        <Stepper
          label={t('first.basements')} value={basements} text={String(basements)} max={BASEMENTS_MAX} fewer={t('first.fewer_basements')} more={t('first.more_basements')}
          set={(n) => set({ basements: n })}
        />
        <label class="check"><input type="checkbox" checked={roof} onChange={(event) => set({ roof: event.currentTarget.checked })} />{t('first.roof')}</label>
      </div>
      <div class="field">
        <div class="acts">
          <label class="btn file">
            <input type="file" accept=".geojson,.json,.osm,.xml,.imdf" aria-describedby="first-plan-hint" onChange={(event) => { plan.value = event.currentTarget.files?.[0] ?? null }} />
            {t('first.plan')}
          </label>
          {plan.value && <bdi role="status">{plan.value.name}</bdi>}
        </div>
        <small id="first-plan-hint">{t('first.plan_hint')}</small>
      </div>
      {strip.value && strip.value.state !== 'closed' && <Button writes="structure.defined" disabled={busy.value || (storeys === 0 && !plan.value)} onClick={() => void add()}>{t('first.building')}</Button>}
      <p role="status">{outcome.value}</p>
    </section>
  )
}

export default function First() {
  const asked = useSignal<Asked>({ ...nothing_asked, commander: session.peek()?.operator?.name ?? '' })
  const plan = useSignal<File | null>(null)
  const wrong = useSignal<Wrong>(null)
  const form: Form = { asked, plan, wrong, set: (to) => { asked.value = { ...asked.value, ...to } } }
  useEffect(() => () => { first_asked.value = false }, [])
  const onOpened = async (id: string) => {
    const fix = asked.value.at ?? firstFix()
    if (fix) map_commands.value?.showPlace(fix.lat, fix.lon)
    just_opened.value = id
    first_asked.value = false
    writing.value = null
    const failed = plan.value ? await sendPlan(id, STRUCTURE, plan.value) : ''
    said.value = failed ? { text: `${t('first.plan')}: ${failed}`, level: 'warn' } : { text: t('open.done'), level: '' }
  }
  return (
    <div id="first" hidden={drawing.value !== null} onKeyDown={(event) => { if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement)) first_asked.value = false }}>
      <div class="firstcards">
        <OpenCard form={form} onOpened={(id) => void onOpened(id)} />
        <div class="firstcolumn"><PhonesCard /><div class="card"><PracticeBox /></div></div>
        <div class="card"><BuildingCard form={form} /><Laptop at={asked.value.at} /></div>
      </div>
      <div class="firstaway"><Button onClick={putFirstAway}>{t('first.away')}</Button></div>
    </div>
  )
}
