// One input for each type of field. What is typed stays text until the form is sent (convert.ts).
import type { ComponentChildren } from 'preact'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { fieldText, timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { mgrsText } from '../base/geo'
import { isClosed, parsePlace, parseShape, placeText, shapeText } from '../base/place'
import { now } from '../state/clock'
import { startDrawing } from '../state/drawing'
import { Button } from '../ui/parts'
import { entitiesOf, entity, textOf } from '../state/incident'
import { entityName, levelName } from '../state/names'
import { units } from '../state/tracks'
import { isFresh } from './convert'
import { parseWhen } from './when'
import { schema, wordsOf } from './schema'

export interface InputProps {
  name: string
  value: unknown
  set: (value: unknown) => void
  /** It is the key of what the entry makes: typed, not chosen. */
  own: boolean
  needed: boolean
  /** The words that can be chosen: those of the field, or fewer. */
  words: readonly string[]
  wrong: string
  about?: { value: boolean; set: (value: boolean) => void }
}

const idOf = (name: string) => 'entry-' + name
const CHIPS_MAX = 7
/** What can be made while it is chosen, and the list of words that says what it is. */
const makeable: Record<string, { field: string; label: Key }> = {
  source: { field: 'source_kind', label: 'entry.new_source' },
  agency: { field: 'agency_kind', label: 'entry.new_agency' },
}

function common(props: InputProps) {
  return {
    id: idOf(props.name), name: props.name, required: props.needed, autocomplete: 'off', dir: 'auto' as const,
    'aria-invalid': props.wrong ? ('true' as const) : undefined, 'aria-describedby': props.wrong ? idOf(props.name) + '-wrong' : undefined,
  }
}

function Line(props: InputProps) {
  const { type, many } = schema.fields[props.name]!
  const text = Array.isArray(props.value) ? props.value.join('; ') : typeof props.value === 'string' ? props.value : ''
  const change = (event: { currentTarget: { value: string } }) => props.set(event.currentTarget.value)
  if (type === 'TEXT') return <textarea {...common(props)} rows={2} value={text} onInput={change} />
  const known = props.own ? entitiesOf(String(schema.fields[props.name]!.of)).map((it) => it.id) : []
  const phones = props.own && props.name === 'unit' ? [...units.values()].filter((it) => it.presence).map((it) => it.callsign) : []
  const options = [...new Set([...known, ...phones])].slice(0, 200)
  return (
    <>
      <input
        {...common(props)} type="text" value={text} onInput={change} placeholder={many ? t('entry.several') : undefined}
        inputMode={type === 'INT' ? 'numeric' : type === 'NUMBER' ? 'decimal' : undefined} list={options.length > 0 ? idOf(props.name) + '-list' : undefined}
      />
      {options.length > 0 && <datalist id={idOf(props.name) + '-list'}>{options.map((id) => <option key={id} value={id} />)}</datalist>}
    </>
  )
}

function When(props: InputProps) {
  const text = typeof props.value === 'string' ? props.value : ''
  const at = text.trim() === '' ? NaN : parseWhen(text, now.value)
  return (
    <div class="when">
      <input
        {...common(props)} dir="ltr" type="text" value={text} placeholder={t('entry.time_hint')} size={14}
        onInput={(event) => props.set(event.currentTarget.value)}
      />
      {!Number.isNaN(at) && <small><bdi>{timeText(at, now.value)}</bdi></small>}
      {props.about && (
        <label class="check">
          <input type="checkbox" checked={props.about.value} onChange={(event) => props.about!.set(event.currentTarget.checked)} />{t('entry.about')}
        </label>
      )}
    </div>
  )
}

function Word(props: InputProps) {
  const { words } = props
  if (words.length > CHIPS_MAX) {
    return (
      <select {...common(props)} value={String(props.value ?? '')} onChange={(event) => props.set(event.currentTarget.value)}>
        <option value="">{t('entry.choose')}</option>
        {words.map((word) => <option key={word} value={word}>{wordText(word, props.name)}</option>)}
      </select>
    )
  }
  return (
    <div
      class="radios" role="radiogroup" id={idOf(props.name)} aria-labelledby={idOf(props.name) + '-label'}
      aria-describedby={common(props)['aria-describedby']}
    >
      {words.map((word) => (
        <label key={word}>
          <input type="radio" name={props.name} value={word} checked={props.value === word} onChange={() => props.set(word)} />
          <span>{wordText(word, props.name)}</span>
        </label>
      ))}
    </div>
  )
}

const letters = ['A', 'B', 'C', 'D', 'E', 'F'] as const
const digits = ['1', '2', '3', '4', '5', '6'] as const

function Grade(props: InputProps) {
  const grade = typeof props.value === 'string' ? props.value : ''
  const letter = grade.slice(0, 1).trim()
  const digit = grade.slice(1)
  const change = (a: string, b: string) => props.set(a || b ? (a || ' ') + b : '')
  return (
    <div class="grade">
      <select {...common(props)} value={letter} onChange={(event) => change(event.currentTarget.value, digit)}>
        <option value="">{t('entry.grade_source')}</option>
        {letters.map((it) => <option key={it} value={it}>{it} {t(`grade.${it}`)}</option>)}
      </select>
      <select aria-label={t('entry.grade_says')} value={digit} onChange={(event) => change(letter, event.currentTarget.value)}>
        <option value="">{t('entry.grade_says')}</option>
        {digits.map((it) => <option key={it} value={it}>{it} {t(`grade.${it}`)}</option>)}
      </select>
    </div>
  )
}

const gone = new Set(['merged', 'released', 'closed', 'lifted', 'done', 'dropped', 'resolved', 'ended'])

/** The choices of a reference, zones by floor from the top down, what is over left out. */
function Choices(props: { kind: string }) {
  const list = entitiesOf(props.kind).filter((it) => !gone.has(textOf(it, 'state')))
  if (props.kind !== 'zone') return <>{list.map((it) => <option key={it.id} value={it.id}>{entityName(it)}</option>)}</>
  const by_level = new Map<string, Entity[]>()
  for (const zone of list) by_level.set(textOf(zone, 'level'), [...(by_level.get(textOf(zone, 'level')) ?? []), zone])
  const ordinal = (id: string) => Number(textOf(entity('level', id), 'ordinal'))
  return (
    <>
      {[...by_level].sort(([a], [b]) => ordinal(b) - ordinal(a)).map(([level, zones]) => (
        <optgroup key={level} label={levelName(level)}>
          {zones.map((zone) => <option key={zone.id} value={zone.id}>{`${entityName(zone)} (${levelName(level)})`}</option>)}
        </optgroup>
      ))}
    </>
  )
}

const NEW = '\u0000new'

function Ref(props: InputProps) {
  const kind = String(schema.fields[props.name]!.of)
  const make = makeable[kind]
  const fresh = isFresh(props.value) ? props.value : null
  return (
    <div class="ref">
      <select
        {...common(props)} value={fresh ? NEW : String(props.value ?? '')}
        onChange={(event) => props.set(event.currentTarget.value === NEW ? { name: '', word: '' } : event.currentTarget.value)}
      >
        <option value="">{t('entry.choose')}</option>
        <Choices kind={kind} />
        {make && <option value={NEW}>{t(make.label)}</option>}
      </select>
      {fresh && make && (
        <div class="fresh">
          <input
            type="text" aria-label={t(make.label)} placeholder={t('entry.new_name')} dir="auto" autocomplete="off" value={fresh.name}
            onInput={(event) => props.set({ ...fresh, name: event.currentTarget.value })}
          />
          <select aria-label={fieldText(make.field)} value={fresh.word} onChange={(event) => props.set({ ...fresh, word: event.currentTarget.value })}>
            <option value="">{fieldText(make.field)}</option>
            {wordsOf(make.field).map((word) => <option key={word} value={word}>{wordText(word, make.field)}</option>)}
          </select>
        </div>
      )}
    </div>
  )
}

function Checks(props: InputProps) {
  const chosen = Array.isArray(props.value) ? (props.value as string[]) : []
  const list = entitiesOf(String(schema.fields[props.name]!.of)).filter((it) => !gone.has(textOf(it, 'state')))
  if (list.length === 0) return <small>{t('entry.nothing')}</small>
  return (
    <div class="checks" role="group" aria-labelledby={idOf(props.name) + '-label'}>
      {list.map((it) => (
        <label key={it.id} class="check">
          <input
            type="checkbox" checked={chosen.includes(it.id)}
            onChange={(event) => props.set(event.currentTarget.checked ? [...chosen, it.id] : chosen.filter((id) => id !== it.id))}
          />
          <bdi>{it.kind === 'zone' ? `${entityName(it)} (${levelName(textOf(it, 'level'))})` : entityName(it)}</bdi>
        </label>
      ))}
    </div>
  )
}

function Pairs(props: InputProps) {
  const given = (props.value ?? {}) as Record<string, string>
  return (
    <div class="pairs" role="group" aria-labelledby={idOf(props.name) + '-label'}>
      {wordsOf(props.name).map((word) => (
        <label key={word}>
          <span>{wordText(word, props.name)}</span>
          <input
            type="text" inputMode="numeric" value={String(given[word] ?? '')}
            onInput={(event) => props.set({ ...given, [word]: event.currentTarget.value })}
          />
        </label>
      ))}
    </div>
  )
}

/** A place: pointed out on the map, or typed as degrees or as a grid. It fills latitude and longitude at once. */
function PlaceInput(props: InputProps) {
  const text = typeof props.value === 'string' ? props.value : ''
  const place = parsePlace(text)
  return (
    <div class="when">
      <input {...common(props)} dir="ltr" type="text" value={text} placeholder={t('entry.place_hint')} onInput={(event) => props.set(event.currentTarget.value)} />
      <Button class="small" onClick={() => startDrawing('place', ([it]) => props.set(placeText(it!)))}>{t('draw.pick')}</Button>
      {place && text && <small><bdi>{mgrsText(place.lat, place.lon)}</bdi></small>}
    </div>
  )
}

/** A line or an area, drawn on the map or typed point by point. */
function ShapeInput(props: InputProps) {
  const text = typeof props.value === 'string' ? props.value : ''
  const places = parseShape(text)
  const draw = (as: 'line' | 'area') => startDrawing(as, (drawn) => props.set(shapeText(drawn)))
  return (
    <div class="shape">
      <textarea {...common(props)} dir="ltr" rows={2} value={text} placeholder={t('entry.shape_hint')} onInput={(event) => props.set(event.currentTarget.value)} />
      <div class="acts">
        <Button class="small" onClick={() => draw('area')}>{t('draw.area')}</Button>
        <Button class="small" onClick={() => draw('line')}>{t('draw.line')}</Button>
        {places && <small><T k={isClosed(places) ? 'draw.is_area' : 'draw.is_line'} n={places.length - (isClosed(places) ? 1 : 0)} /></small>}
      </div>
    </div>
  )
}

/** A field's input alone. */
function Input(props: InputProps) {
  const { type, many } = schema.fields[props.name]!
  if (props.name === 'lat') return <PlaceInput {...props} />
  if (props.name === 'shape') return <ShapeInput {...props} />
  if (type === 'TIME') return <When {...props} />
  if (type === 'GRADE') return <Grade {...props} />
  if (type === 'WORD') return <Word {...props} />
  if (type === 'PAIR') return <Pairs {...props} />
  if (type === 'REF' && many) return <Checks {...props} />
  return type === 'REF' && !props.own ? <Ref {...props} /> : <Line {...props} />
}

function Wrong(props: { name: string; children: ComponentChildren }) {
  return <p class="wrong" id={idOf(props.name) + '-wrong'} role="alert">{props.children}</p>
}

/** A field with its label, and what is wrong with it right below. */
export function EntryField(props: InputProps) {
  const { type, many } = schema.fields[props.name]!
  const wrong = props.wrong && <Wrong name={props.name}>{props.wrong}</Wrong>
  if (type === 'BOOL') {
    return (
      <div class="field">
        <label class="check">
          <input id={idOf(props.name)} type="checkbox" checked={props.value === true} onChange={(event) => props.set(event.currentTarget.checked)} />
          {fieldText(props.name)}
        </label>
        {wrong}
      </div>
    )
  }
  const grouped = type === 'PAIR' || (type === 'REF' && many) || (type === 'WORD' && props.words.length <= CHIPS_MAX)
  const label = <>{props.name === 'lat' ? t('entry.position') : fieldText(props.name)}{props.needed && <b aria-hidden="true"> *</b>}</>
  return (
    <div class="field" data-field={props.name}>
      {grouped ? <span class="label" id={idOf(props.name) + '-label'}>{label}</span> : <label for={idOf(props.name)}>{label}</label>}
      <Input {...props} />
      {wrong}
    </div>
  )
}
