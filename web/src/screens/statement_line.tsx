// One thing said, in both languages side by side, with what the release guard says of it and the facts it rests on;
// and the same while it is written.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ageText } from '../base/format'
import { T, t, tMaybe } from '../base/i18n'
import { rangeText, saidText, timeText, wordText } from '../base/values'
import type { Entity, Judged, SaidFact } from '../net/incident'
import { entitiesOf, entity, shown_now, textOf, timeOf } from '../state/incident'
import { act } from '../state/acts'
import { both, factsOf, languages, wordOn, worst } from '../state/statements'
import type { Light, Pair, Tongue } from '../state/statements'
import { uuid } from '../state/outbox'
import { openEvent, write } from '../state/view'
import { Button, Empty } from '../ui/parts'

const signs: Record<Light, string> = { green: '✓', amber: '!', red: '✕' }

/** By sign and by word: nobody has to see the colour. */
export function LightSign(props: { light: Light }) {
  return <b class={'light ' + props.light}><i aria-hidden="true">{signs[props.light]}</i>{t(`guard.${props.light}`)}</b>
}

/** The guard's word with its reason; the server's own sentence names the zone or the number. */
export function Judgement(props: { word: Judged }) {
  const { word } = props
  const reason = word.rule ? tMaybe('guard.' + word.rule, saidText(word.why ?? '')) : t('guard.fine')
  return (
    <>
      <LightSign light={word.light} />
      <p>{reason}</p>
      {word.rule && ['not_clear', 'number'].includes(word.rule) && <small dir="auto">{saidText(word.why ?? '')}</small>}
    </>
  )
}

/** The best grade among the reports under a fact. */
export function gradeOf(fact: Entity): string {
  const basis = (fact.fields['basis'] as readonly string[] | undefined) ?? []
  return basis.map((id) => textOf(entity('report', id), 'grade')).filter(Boolean).sort()[0] ?? ''
}

function figureOf(fact: Entity): string {
  const counter = textOf(fact, 'counter')
  return counter === '' ? '' : `${wordText(counter, 'counter')} ${textOf(fact, 'lo')}`
}

function Review(props: { fact: Entity }) {
  const at = timeOf(props.fact.fields['review_at'])
  if (Number.isNaN(at)) return <small class="dimmed">{t('fact.no_review')}</small>
  const over = at < shown_now.value
  return (
    <>
      <small class={over ? 'warn' : ''}><T k={over ? 'fact.review_over' : 'fact.review'} p={{ time: timeText(at, shown_now.value) }} /></small>
      {over && textOf(props.fact, 'state') === 'live' && (
        <Button writes="fact.reviewed" class="small no-print" onClick={() => write('fact.reviewed', { fact: props.fact.id })}>{t('fact.review_now')}</Button>
      )}
    </>
  )
}

export function FactLine(props: { fact: Entity }) {
  const { fact } = props
  return (
    <span class="factline">
      <button type="button" class="link" onClick={() => openEvent(fact.made)}><bdi>#{fact.made}</bdi></button>
      <span dir="auto">{textOf(fact, 'text')}</span>
      {figureOf(fact) !== '' && <b><bdi>{figureOf(fact)}</bdi></b>}
      <small><bdi>{ageText(shown_now.value - timeOf(fact.fields['recorded_at']))}</bdi></small>
      <small><bdi title={t('count.grade')}>{gradeOf(fact)}</bdi></small>
      <Review fact={fact} />
    </span>
  )
}

const figure = (n: number | null) => (n === null ? '' : rangeText(n, n))

/** What we said, and what is known in its place. */
function ThenAndNow(props: { said: SaidFact }) {
  const { said } = props
  const now = said.state !== 'live' && said.now === null
    ? wordText(said.state, 'fact')
    : said.now !== null && said.now_lo !== said.lo ? figure(said.now_lo) : ''
  if (now === '') return <li><bdi>{said.fact}</bdi> <small>{t('said.same')}</small></li>
  return (
    <li class="differs">
      <b aria-hidden="true">≠</b> <T k="said.then" p={{ fact: said.fact, then: figure(said.lo) || '·' }} /> <b><T k="said.now" p={{ now }} /></b>
      {said.now && <small> (<bdi>{said.now}</bdi>)</small>}
    </li>
  )
}

export function PairRow(props: { pair: Pair; place: number; open: boolean; out: boolean; onEdit: () => void; onDrop: () => void }) {
  const { pair } = props
  const words = both(pair).flatMap((line) => wordOn(line) ?? [])
  const light = worst(words)
  const word = words.find((it) => it.light === light)
  const facts = factsOf(pair)
  const said = words[0]?.facts ?? []
  const attributed = textOf(both(pair)[0], 'attributed_to')
  return (
    <li class={'pair ' + (light ?? '')} data-pair={pair.number} data-light={light ?? ''}>
      <span class="place"><bdi>{props.place}</bdi></span>
      {languages.map((tongue) => (
        <p key={tongue} class={'tongue ' + tongue} lang={tongue} dir="auto">
          {textOf(pair[tongue], 'text') || <span class="dimmed missing" lang={undefined}>{t(`statement.no_${tongue}`)}</span>}
        </p>
      ))}
      <div class="verdict">{props.out && word && <small>{t('guard.today')}</small>}{word ? <Judgement word={word} /> : <small class="dimmed">{t('statement.over')}</small>}</div>
      <div class="rests">
        {attributed !== '' && <p><T k="statement.attributed" p={{ who: attributed }} /></p>}
        {props.out
          ? <ul>{said.map((it) => <ThenAndNow key={it.fact} said={it} />)}</ul>
          : facts.map((id) => entity('fact', id)).map((fact) => fact && <FactLine key={fact.id} fact={fact} />)}
        {props.open && (
          <span class="acts no-print">
            <Button writes="statement.lined" class="small" onClick={props.onEdit}>{t('statement.edit')}</Button>
            <Button writes="statement.unlined" class="small" onClick={props.onDrop}>{t('statement.take_out')}</Button>
          </span>
        )}
      </div>
    </li>
  )
}

/** Live facts, those that fit what is typed, the chosen ones always. */
export function FactPicker(props: { chosen: readonly string[]; set: (facts: string[]) => void }) {
  const words = useSignal('')
  const wanted = words.value.trim().toLowerCase()
  const fits = (fact: Entity) => `${fact.id} #${fact.made} ${textOf(fact, 'text')} ${figureOf(fact)}`.toLowerCase().includes(wanted)
  const facts = entitiesOf('fact').filter((fact) => textOf(fact, 'state') === 'live' && (props.chosen.includes(fact.id) || fits(fact))).reverse()
  const toggle = (id: string) => props.set(props.chosen.includes(id) ? props.chosen.filter((one) => one !== id) : [...props.chosen, id])
  return (
    <fieldset class="facts-picker">
      <legend>{t('statement.facts')}</legend>
      <input type="search" class="filter" aria-label={t('statement.find_fact')} placeholder={t('statement.find_fact')} dir="auto" value={words.value} onInput={(event) => { words.value = event.currentTarget.value }} />
      {facts.length === 0 && <Empty>{t('statement.no_facts')}</Empty>}
      <ul>
        {facts.map((fact) => (
          <li key={fact.id}>
            <label class="check"><input type="checkbox" checked={props.chosen.includes(fact.id)} onChange={() => toggle(fact.id)} /><bdi>{fact.id}</bdi></label>
            <FactLine fact={fact} />
          </li>
        ))}
      </ul>
    </fieldset>
  )
}

/** What is typed of a pair. */
export interface Written {
  number: string
  en: string
  ur: string
  facts: readonly string[]
  attributed: string
}

/** Writes both languages, and takes out the one that was emptied. '' or why not. */
export async function savePair(statement: string, pair: Pair | undefined, it: Written): Promise<string> {
  for (const tongue of languages) {
    const known = pair?.[tongue]
    const text = it[tongue].trim()
    if (text === '' && !known) continue
    const line = known?.id ?? `${statement}/${it.number}/${tongue}/${uuid().slice(0, 4)}`
    const fields = { line, statement, text, lang: tongue, number: it.number, facts: it.facts, attributed_to: it.attributed.trim() }
    const wrong = text === '' ? await act('statement.unlined', { line }) : await act('statement.lined', fields)
    if (wrong !== '') return wrong
  }
  return ''
}

export function PairForm(props: { statement: string; pair?: Pair | undefined; number: string; start?: Partial<Written>; onDone: () => void }) {
  // As it was when the form was opened: a language that came meanwhile was not emptied by who writes here.
  const [pair] = useState(props.pair)
  const start: Written = {
    number: props.number, en: textOf(pair?.en, 'text'), ur: textOf(pair?.ur, 'text'), facts: pair ? factsOf(pair) : [],
    attributed: pair ? textOf(both(pair)[0], 'attributed_to') : '', ...props.start,
  }
  const it = useSignal(start)
  const wrong = useSignal('')
  const busy = useSignal(false)
  const first = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => first.current?.focus(), [])
  const set = (change: Partial<Written>) => { it.value = { ...it.value, ...change } }
  const save = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy.value) return
    if (it.value.en.trim() + it.value.ur.trim() === '') {
      wrong.value = t('statement.empty_line')
      return
    }
    busy.value = true
    wrong.value = await savePair(props.statement, pair, it.value)
    busy.value = false
    if (wrong.value === '') props.onDone()
  }
  const area = (tongue: Tongue) => (
    <div class={'field tongue ' + tongue}>
      <label for={'line-' + tongue}>{t(`statement.in_${tongue}`)}</label>
      <textarea
        id={'line-' + tongue} ref={tongue === 'en' ? first : undefined} rows={3} lang={tongue} dir={tongue === 'ur' ? 'rtl' : 'ltr'}
        value={it.value[tongue]} onInput={(event) => set({ [tongue]: event.currentTarget.value })}
      />
    </div>
  )
  return (
    <form class="pairform" onSubmit={(event) => void save(event)} noValidate aria-label={t('statement.line_form')}>
      {languages.map(area)}
      <FactPicker chosen={it.value.facts} set={(facts) => set({ facts })} />
      <div class="field attributed">
        <label for="line-attributed">{t('statement.attributed_to')}</label>
        <input id="line-attributed" type="text" dir="auto" value={it.value.attributed} onInput={(event) => set({ attributed: event.currentTarget.value })} />
        <small>{t('statement.attributed_hint')}</small>
      </div>
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      <div class="acts">
        <Button writes="statement.lined" kind="primary" type="submit" disabled={busy.value}>{t('statement.save_line')}</Button>
        <Button onClick={props.onDone}>{t('entry.cancel')}</Button>
      </div>
    </form>
  )
}
