// One zone: what is known of it, the next step as one button, then the others. Zone, step, who: three taps.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { describe } from '../base/describe'
import { joined, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import type { Raw } from '../entry/forms'
import type { ZoneView } from '../net/incident'
import { clearanceOf, glyphs, heads, insideOf, lookOf, lookText, openThreats, stateOf } from '../state/clearing'
import { chooseZone, floorLabel, zoneName } from '../state/floor'
import type { Found } from '../state/floor'
import { entitiesOf, entity, shown_now, strip, textOf, timeOf } from '../state/incident'
import { may_write } from '../state/past'
import { askZoneRecord, zoneRecord, zone_record_state } from '../state/zone_record'
import { screen, shown_event, write } from '../state/view'
import { HoldButton } from '../ui/hold'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { Photos } from './floors_photos'
import { Inside } from './floors_strips'
import { candidates, comers, enterStep, moveUnit, stepsOf, unitWords, whoField, worded } from './floors_steps'
import type { Done, Step } from './floors_steps'
import { needsStruct } from './floors_side'

const WHO_MAX = 6
const HISTORY_MAX = 40

/** Who did it: the likeliest first and ready for Enter. */
export function Who(props: { title: string; units: readonly string[]; onUnit: (unit: string) => void; onAnother: () => void; onClose: () => void }) {
  const first = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => first.current?.querySelector('button')?.focus(), [])
  return (
    <div class="whobox" ref={first} role="group" aria-label={props.title}>
      <h3>{props.title}</h3>
      {props.units.length === 0 && <p class="empty">{t('floor.no_unit')}</p>}
      <div class="acts column">
        {props.units.slice(0, WHO_MAX).map((unit, i) => (
          <Button key={unit} kind={i === 0 ? 'primary' : 'plain'} keys={i === 0 ? '↵' : undefined} onClick={() => props.onUnit(unit)}>
            <bdi>{unit}</bdi> <small><bdi>{unitWords(unit)}</bdi></small>
          </Button>
        ))}
        <Button onClick={props.onAnother}>{t('floor.other_unit')}</Button>
        <Button keys="Esc" onClick={props.onClose}>{t('entry.cancel')}</Button>
      </div>
    </div>
  )
}

/** Why a clearance does not hold any more, and a button that is held. */
export function VoidBox(props: { zones: readonly string[]; kind: string; onDone: (done: Done) => void; onClose: () => void }) {
  const why = useSignal('')
  const words = useSignal('')
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => box.current?.querySelector('input')?.focus(), [])
  const run = async () => {
    const reason: Raw = words.value.trim() === '' ? {} : { reason: words.value.trim() }
    props.onDone(await enterStep('zone.voided', props.zones, props.kind, { void_reason: why.value, ...reason }))
  }
  return (
    <div class="whobox" ref={box}>
      <h3 id="void-title">{t('floor.void_why')}</h3>
      <div class="radios" role="radiogroup" aria-labelledby="void-title">
        {wordsOf('void_reason').map((word) => (
          <label key={word}>
            <input type="radio" name="void" value={word} checked={why.value === word} onChange={() => { why.value = word }} />
            <span>{wordText(word, 'void_reason')}</span>
          </label>
        ))}
      </div>
      <input
        type="text" id="void-words" dir="auto" autocomplete="off" aria-label={t('floor.void_words')} placeholder={t('floor.void_words')} value={words.value}
        onInput={(event) => { words.value = event.currentTarget.value }}
      />
      <div class="acts">
        <HoldButton writes="zone.voided" disabled={why.value === ''} onDone={() => void run()}>{t('floor.void_hold')}</HoldButton>
        <Button keys="Esc" onClick={props.onClose}>{t('entry.cancel')}</Button>
      </div>
    </div>
  )
}

/** "RGR-1, 21:44, 80 %": who brought it to this state, and when. */
function byText(zone: ZoneView, kind: string): string {
  const it = zone.clearance[kind]
  if (!it) return ''
  const more = clearanceOf(zone.id, kind)
  const late = more?.fields['late_entry'] === true ? t('floor.late') : ''
  const who = it.state === 'held' ? textOf(more, 'holder') : it.state === 'confirmed' ? textOf(more, 'by') : it.unit ?? ''
  const extent = it.extent !== null && it.extent < 100 ? `${it.extent} %` : ''
  const why = it.state === 'void' ? wordText(textOf(more, 'void_reason'), 'void_reason') : it.state === 'no-go' ? textOf(more, 'reason') : ''
  return joined([who, timeText(timeOf(it.at), shown_now.value), extent, textOf(more, 'excluded'), why, late], t('comma'))
}

/** What the record says of the zone, newest first; a line opens in the log. */
function History(props: { zone: string }) {
  useEffect(() => { void askZoneRecord() }, [])
  const lines = zoneRecord(props.zone)
  const open = (seq: number) => {
    shown_event.value = seq
    screen.value = 'log'
  }
  return (
    <>
      <h3>{t('floor.history')}</h3>
      {zone_record_state.value === 'failed' && <p class="empty">{t('floor.history_failed')}</p>}
      {lines.length === 0 ? <p class="empty">{t('floor.history_none')}</p> : (
        <ol class="history">
          {lines.slice(0, HISTORY_MAX).map((event) => (
            <li key={event.seq}>
              <button type="button" onClick={() => open(event.seq)}>
                <time><bdi>{timeText(timeOf(event.fields?.['at']) || event.at, shown_now.value)}</bdi></time>
                <span dir="auto">{describe(event).text}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

function Facts(props: { found: Found }) {
  const { zone, structure } = props.found
  const last = zoneRecord(zone.id).find((event) => event.kind === 'unit.entered_zone')
  const hazards = entitiesOf('hazard').filter((it) => textOf(it, 'zone') === zone.id && textOf(it, 'state') !== 'controlled')
  const threats = openThreats(zone)
  const wants_struct = needsStruct(structure) && !['complete', 'confirmed', 'held'].includes(stateOf(zone, 'struct'))
  return (
    <dl>
      <dt>{t('floor.last')}</dt>
      <dd>{last ? joined([String(last.fields?.['unit'] ?? ''), timeText(timeOf(last.fields?.['at']) || last.at, shown_now.value)], t('comma')) : t('floor.no_entry')}</dd>
      {threats.length > 0 && (
        <><dt>{t('floor.threats')}</dt><dd class="bad">{threats.map((id) => <span key={id} class="block">{joined([id, wordText(textOf(entity('threat', id), 'state'), 'threat_state'), textOf(entity('threat', id), 'text')], t('comma'))}</span>)}</dd></>
      )}
      {hazards.length > 0 && (
        <><dt>{t('floor.hazards')}</dt><dd>{joined(hazards.map((it) => wordText(textOf(it, 'hazard_kind'), 'hazard_kind')), t('comma'))}</dd></>
      )}
      {zone.tactical && <><dt>{t('floor.tactical')}</dt><dd>{wordText(zone.tactical, 'tactical_kind')}</dd></>}
      {(zone.casualties ?? 0) > 0 && <><dt>{t('nav.casualties')}</dt><dd><bdi>{zone.casualties}</bdi></dd></>}
      {wants_struct && <><dt>{wordText('struct', 'kind')}</dt><dd class="warn">{t('floor.struct_wanted')}</dd></>}
    </dl>
  )
}

/** Every kind at once: the one that is worked at stands above with its buttons. */
function Kinds(props: { zone: ZoneView; kind: string }) {
  return (
    <dl class="kinds">
      {wordsOf('kind').filter((kind) => kind !== props.kind).map((kind) => {
        const state = stateOf(props.zone, kind)
        return (
          <div key={kind} class="pairrow">
            <dt>{wordText(kind, 'short')}</dt>
            <dd><b class={`glyph small ${state}`} aria-hidden="true">{glyphs[state] ?? '?'}</b> {wordText(state)} <small>{byText(props.zone, kind)}</small></dd>
          </div>
        )
      })}
    </dl>
  )
}

export function doneText(done: Done): { text: string; level: '' | 'warn' } {
  const parts = [
    done.entered > 0 ? t('floor.entered_n', { n: done.entered }) : '', done.waiting > 0 ? t('floor.waiting_n', { n: done.waiting }) : '',
    done.refused_n > 0 ? t('floor.refused_n', { n: done.refused_n, why: done.refused }) : '',
  ]
  return { text: joined(parts, t('comma')), level: done.refused_n > 0 ? 'warn' : '' }
}

type Asking = Step | 'in' | null

/** The step that is asked about or under way, and what became of the last one. */
function useSteps(zone: ZoneView, kind: string) {
  const asking = useSignal<Asking>(null)
  const busy = useSignal(false)
  const said = useSignal<ReturnType<typeof doneText> | null>(null)
  const finish = (done: Done) => {
    busy.value = false
    asking.value = null
    said.value = doneText(done)
  }
  const run = async (step: Step, more: Raw = {}) => {
    if (busy.value) return
    busy.value = true
    said.value = null
    finish(await enterStep(step, [zone.id], kind, more))
  }
  const begin = (step: Step) => {
    const field = whoField[step]
    if (worded.has(step)) return write(step, { zone: zone.id, kind })
    if (step === 'zone.voided') return void (asking.value = step)
    if (!field) return void run(step)
    const who = candidates(step, [zone.id], kind)
    // Who began a search ends it: there is nothing to ask.
    if (step === 'zone.search_ended' && who.length === 1) return void run(step, { unit: who[0]! })
    asking.value = step
  }
  const move = async (unit: string, way: 'in' | 'out') => {
    if (busy.value) return
    busy.value = true
    finish(await moveUnit(unit, zone.id, way))
  }
  return { asking, busy, said, finish, run, begin, move }
}

type Steps = ReturnType<typeof useSteps>

/** The next step as one button, then the others. */
function Next(props: { zone: ZoneView; kind: string; steps: Steps }) {
  const { zone, kind } = props
  const { begin, busy } = props.steps
  const [next, ...others] = stepsOf(zone, kind)
  if (!next) return null
  const partly = () => {
    const [unit] = candidates(next, [zone.id], kind)
    write(next, { zone: zone.id, kind, extent: '', ...(unit ? { unit } : {}) })
  }
  return (
    <div class="acts next">
      <Button writes={next} kind="primary" keys="↵" disabled={busy.value} onClick={() => begin(next)}>{t(`step.${next}`)}</Button>
      {next === 'zone.search_ended' && <Button writes={next} onClick={partly}>{t('floor.partly')}</Button>}
      {others.map((it) => <Button writes={it} key={it} disabled={busy.value} onClick={() => begin(it)}>{t(`step.${it}`)}</Button>)}
    </div>
  )
}

/** What the step that was begun needs to know: who, or why. */
function Ask(props: { zone: ZoneView; kind: string; steps: Steps; onClose: () => void }) {
  const { zone, kind, onClose } = props
  const { asking, finish, move, run } = props.steps
  const step = asking.value
  if (step === null) return <Next zone={zone} kind={kind} steps={props.steps} />
  if (step === 'in') {
    return <Who key={step} title={t('floor.who_enters')} units={comers(zone.id)} onUnit={(unit) => void move(unit, 'in')} onAnother={() => write('unit.entered_zone', { zone: zone.id })} onClose={onClose} />
  }
  if (step === 'zone.voided') return <VoidBox zones={[zone.id]} kind={kind} onDone={finish} onClose={onClose} />
  return (
    <Who
      key={step} title={t('floor.who', { step: t(`step.${step}`) })} units={candidates(step, [zone.id], kind)} onUnit={(unit) => void run(step, { [whoField[step]!]: unit })}
      onAnother={() => write(step, { zone: zone.id, kind })} onClose={onClose}
    />
  )
}

function Standing(props: { zone: ZoneView; kind: string }) {
  const { zone, kind } = props
  const state = stateOf(zone, kind)
  const look = lookOf(zone, kind)
  return (
    <div class="state">
      <b class={`glyph ${look}`} aria-hidden="true">{glyphs[look] ?? '?'}</b>
      <div>
        <small>{wordText(kind, 'kind')}</small>
        <strong>{lookText(look)}</strong>
        {look !== state && <small>{wordText(state)}</small>}
        <small>{byText(zone, kind)}</small>
      </div>
    </div>
  )
}

/** Who is inside, comes and goes, and what else is found there. */
function People(props: { zone: ZoneView; inside: ReturnType<typeof insideOf>; steps: Steps }) {
  const { zone, inside } = props
  const { asking, busy, move } = props.steps
  return (
    <>
      <h3>{t('floor.inside')}{inside.length > 0 && <> <bdi>{heads(inside)}</bdi></>}</h3>
      <div class="insidelist"><Inside inside={inside} /></div>
      {strip.value && (
        <div class="acts">
          {asking.value !== 'in' && <Button writes="unit.entered_zone" class="small" onClick={() => { asking.value = 'in' }}>{t('step.unit.entered_zone')}</Button>}
          {inside.map((it) => <Button writes="unit.left_zone" key={it.unit} class="small" disabled={busy.value} onClick={() => void move(it.unit, 'out')}><bdi>{it.unit}</bdi> {t('floor.leaves')}</Button>)}
          {(['casualty.reported', 'threat.reported', 'hazard.reported'] as const).map((it) => (
            <Button writes={it} key={it} class="small" onClick={() => write(it, { zone: zone.id })}>{t(`step.${it}`)}</Button>
          ))}
        </div>
      )}
    </>
  )
}

export function ZoneCard(props: { found: Found; kind: string }) {
  const { found, kind } = props
  const { zone, level } = found
  const steps = useSteps(zone, kind)
  const { asking, busy, said } = steps
  const box = useRef<HTMLElement>(null)
  const toNext = () => box.current?.querySelector<HTMLElement>('.next .btn')?.focus()
  useLayoutEffect(() => {
    asking.value = said.value = null
    if (!document.activeElement?.closest('input, textarea, select')) toNext()
  }, [zone.id])
  // A button that is gone takes the focus with it: it goes to what is next now.
  useLayoutEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null) toNext()
  }, [stateOf(zone, kind), asking.value, busy.value])
  const close = () => {
    if (asking.value) {
      asking.value = null
      return toNext()
    }
    chooseZone('')
    ;(document.querySelector<HTMLElement>(`[data-zone="${CSS.escape(zone.id)}"]`) ?? document.getElementById('planlist'))?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    close()
  }
  return (
    <section class="card zonecard" ref={box} aria-label={t('floor.chosen')} onKeyDown={onKeyDown}>
      <div class="sechead">
        <h2>{joined([floorLabel(level), zoneName(zone)], t('comma'))}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={() => { asking.value = null; close() }}><Icon name="close" /></button>
      </div>
      <Standing zone={zone} kind={kind} />
      {!may_write.value && <p class="empty">{t('past.read_only')}</p>}
      <Ask zone={zone} kind={kind} steps={steps} onClose={close} />
      <p class={`floorsaid ${said.value?.level ?? ''}`} role="status">{said.value?.text}</p>
      <People zone={zone} inside={insideOf(level).filter((it) => it.zone === zone)} steps={steps} />
      <Facts found={found} />
      <h3>{t('floor.other_kinds')}</h3>
      <Kinds zone={zone} kind={kind} />
      <Photos zone={zone.id} />
      <History zone={zone.id} />
    </section>
  )
}
