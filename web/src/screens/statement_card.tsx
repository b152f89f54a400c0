// One statement: who speaks to whom, how far it is on its way out and by whose word, its lines, and what can be done
// next. Who may do what, and whether a line may go out, the server says.
import { useSignal } from '@preact/signals'
import { T, joined, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { act } from '../state/acts'
import { may_write } from '../state/past'
import { mayDo, whyNot } from '../state/rights'
import type { Writes } from '../state/rights'
import { entitiesOf, shown_now, strip, textOf, timeOf } from '../state/incident'
import { session } from '../state/session'
import { asText, both, differsNow, ended, isOut, linesOf, nextNumber, pairsOf, stages, versionOf, wordOn, worst } from '../state/statements'
import type { Pair } from '../state/statements'
import { Button, Empty } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { printPage } from '../ui/print'
import { correctionOf } from './statement_make'
import { PairForm, PairRow } from './statement_line'
import { WordingForm } from './statement_wording'

const operator = () => session.value?.operator?.name ?? ''

function Stages(props: { it: Entity }) {
  const { it } = props
  const state = textOf(it, 'state')
  const at = stages.indexOf((isOut(state) ? 'released' : state) as (typeof stages)[number])
  const who: Record<string, string> = { draft: textOf(it, 'by'), checked: textOf(it, 'checked_by'), approved: textOf(it, 'approved_by'), released: '' }
  return (
    <ol class="stages">
      {stages.map((stage, i) => (
        <li key={stage} class={i <= at ? 'done' : ''} aria-current={stage === state ? 'step' : undefined}>
          {wordText(stage, 'statement')}{i <= at && who[stage] && <small><bdi>{who[stage]}</bdi></small>}
        </li>
      ))}
      {ended.has(state) || state === 'questioned' ? <li class={state === 'questioned' ? 'bad' : 'done'} aria-current="step">{wordText(state, 'statement')}</li> : null}
    </ol>
  )
}

/** Asks for one line of text before it acts. */
function WithReason(props: { writes: Writes; label: string; button: string; hold?: boolean; onDone: (reason: string) => void }) {
  const reason = useSignal('')
  const missing = useSignal(false)
  const done = () => {
    missing.value = reason.value.trim() === ''
    if (!missing.value) props.onDone(reason.value.trim())
  }
  return (
    <div class="withreason">
      <label class="field"><span>{props.label}</span>
        <input type="text" dir="auto" value={reason.value} aria-invalid={missing.value ? 'true' : undefined} onInput={(event) => { reason.value = event.currentTarget.value }} />
      </label>
      {props.hold ? <HoldButton writes={props.writes} onDone={done}>{props.button}</HoldButton> : <Button writes={props.writes} kind="primary" onClick={done}>{props.button}</Button>}
    </div>
  )
}

type Asking = 'override' | 'withdraw' | null

function Steps(props: { it: Entity; pairs: readonly Pair[]; onMade: (id: string) => void }) {
  const { it } = props
  const statement = it.id
  const state = textOf(it, 'state')
  const wrong = useSignal('')
  const asking = useSignal<Asking>(null)
  const copied = useSignal(false)
  const run = async (kind: string, fields: Record<string, unknown> = {}) => {
    asking.value = null
    wrong.value = await act(kind, { statement, ...fields })
  }
  const words = props.pairs.flatMap((pair) => both(pair).flatMap((line) => wordOn(line) ?? []))
  const light = worst(words)
  const families_first = words.some((word) => word.rule === 'families')
  const copy = async () => {
    await navigator.clipboard.writeText(asText(headOf(it), props.pairs, footOf(it)))
    copied.value = true
  }
  const correct = async () => {
    const made = await correctionOf(it, props.pairs)
    if ('wrong' in made) wrong.value = made.wrong
    else props.onMade(made.id)
  }
  return (
    <footer class="statement-steps no-print">
      {props.pairs.length > 0 && state === 'draft' && <Button writes="statement.checked" kind="primary" onClick={() => void run('statement.checked', { checked_by: operator() })}>{t('statement.check')}</Button>}
      {state === 'checked' && mayDo('statement.approved') && (
        <>
          <Button writes="statement.approved" kind="primary" onClick={() => void run('statement.approved', { approved_by: operator() })}>{t('statement.approve')}</Button>
          {families_first && <Button writes="statement.approved" pressed={asking.value === 'override'} onClick={() => { asking.value = 'override' }}>{t('statement.override')}</Button>}
        </>
      )}
      {state === 'approved' && <HoldButton writes="statement.released" onDone={() => void run('statement.released')}>{t('statement.release')}</HoldButton>}
      {isOut(state) && <Button writes="statement.corrected" kind="primary" onClick={() => void correct()}>{t('statement.correct')}</Button>}
      {!ended.has(state) && <Button writes="statement.withdrawn" pressed={asking.value === 'withdraw'} onClick={() => { asking.value = 'withdraw' }}>{t('statement.withdraw')}</Button>}
      <span class="gap" />
      {(isOut(state) || state === 'corrected') && (
        <>
          <Button onClick={() => void copy()}>{t(copied.value ? 'statement.copied' : 'statement.copy')}</Button>
          <Button keys="Ctrl P" onClick={() => printPage(headOf(it))}>{t('statement.print')}</Button>
        </>
      )}
      {asking.value === 'override' && <WithReason writes="statement.approved" label={t('statement.override_hint')} button={t('statement.approve')} onDone={(reason) => void run('statement.approved', { approved_by: operator(), override_reason: reason })} />}
      {asking.value === 'withdraw' && <WithReason writes="statement.withdrawn" hold label={t('statement.why_withdraw')} button={t('statement.withdraw')} onDone={(reason) => void run('statement.withdrawn', { reason })} />}
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      <Hint state={state} light={light} />
    </footer>
  )
}

/** Who is waited for. */
function Hint(props: { state: string; light: string | null }) {
  if (!['draft', 'checked', 'approved'].includes(props.state)) return null
  if (props.light === null) return <p class="hint">{t('statement.hint_empty')}</p>
  if (props.light !== 'green') return <p class="hint warn">{t('statement.hint_blocked')}</p>
  return <p class="hint">{t(`statement.hint_${props.state as 'draft' | 'checked' | 'approved'}`)}</p>
}

const releasedAt = (it: Entity) => timeOf(it.fields['at'] ?? it.fields['recorded_at'])

function headOf(it: Entity): string {
  return joined([strip.value?.name ?? '', `${it.id} ${t('statement.version', { n: versionOf(it.id, entitiesOf('statement')) })}`, textOf(it, 'speaker')], ' · ')
}

function footOf(it: Entity): string {
  return t('statement.foot', { time: timeText(releasedAt(it), NaN), n: versionOf(it.id, entitiesOf('statement')) })
}

/** The hand-out: on paper the lines alone stand under one another, the Urdu in Nastaliq. */
function Handout(props: { it: Entity; pairs: readonly Pair[] }) {
  return (
    <article class="handout print-only">
      <h1 dir="auto">{textOf(props.it, 'speaker')}</h1>
      {(['en', 'ur'] as const).map((tongue) => (
        <div key={tongue} class={tongue} lang={tongue} dir={tongue === 'ur' ? 'rtl' : 'ltr'}>
          {props.pairs.map((pair) => pair[tongue] && <p key={pair.number}>{textOf(pair[tongue], 'text')}</p>)}
        </div>
      ))}
      <p class="foot"><bdi>{props.it.id}</bdi> · {footOf(props.it)}</p>
    </article>
  )
}

export function StatementCard(props: { it: Entity; onMade: (id: string) => void }) {
  const { it } = props
  const state = textOf(it, 'state')
  const pairs = pairsOf(linesOf(it.id))
  const writing = useSignal<string | null>(null)
  const wrong = useSignal('')
  const open = (state === 'draft' || state === 'checked') && whyNot('statement.lined') === ''
  const takeOut = async (pair: Pair) => {
    wrong.value = ''
    for (const line of both(pair)) wrong.value ||= await act('statement.unlined', { line: line.id })
  }
  const done = () => { writing.value = null }
  return (
    <article class="card statement" data-statement={it.id} data-state={state} aria-labelledby="statement-title">
      <header>
        <h2 id="statement-title"><bdi>{it.id}</bdi> <small><T k="statement.version" p={{ n: versionOf(it.id, entitiesOf('statement')) }} /></small></h2>
        <p><T k="statement.says_to" p={{ who: textOf(it, 'speaker'), whom: wordText(textOf(it, 'audience'), 'audience') }} /></p>
        <small><T k="statement.changed" p={{ time: timeText(timeOf(it.fields['recorded_at']), shown_now.value) }} /></small>
        {textOf(it, 'replaces') && <small><T k={ended.has(state) ? 'statement.replaced_by' : 'statement.replaces'} p={{ id: textOf(it, 'replaces') }} /></small>}
        <Stages it={it} />
      </header>
      {isOut(state) && differsNow(it.id) && <p class="banner"><b aria-hidden="true">≠</b> {t('statement.differs')}</p>}
      <ol class="said-pairs" aria-label={t('statement.lines')}>
        {pairs.map((pair, i) => writing.value === pair.number && open
          ? <li key={pair.number} class="pair writing"><PairForm statement={it.id} pair={pair} number={pair.number} onDone={done} /></li>
          : <PairRow key={pair.number} pair={pair} place={i + 1} open={open} out={isOut(state)} onEdit={() => { writing.value = pair.number }} onDrop={() => void takeOut(pair)} />)}
      </ol>
      {pairs.length === 0 && writing.value === null && <Empty>{t('statement.no_lines')}</Empty>}
      {open && writing.value === 'new' && <PairForm statement={it.id} number={nextNumber(pairs)} onDone={done} />}
      {open && writing.value === 'facts' && <WordingForm statement={it.id} first={Number(nextNumber(pairs))} onDone={done} />}
      {open && writing.value === null && (
        <div class="acts add no-print">
          <Button writes="statement.lined" onClick={() => { writing.value = 'new' }}>{t('statement.add_line')}</Button>
          <Button writes="statement.lined" onClick={() => { writing.value = 'facts' }}>{t('statement.from_facts')}</Button>
        </div>
      )}
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      {may_write.value && <Steps key={it.id} it={it} pairs={pairs} onMade={props.onMade} />}
      <Handout it={it} pairs={pairs} />
    </article>
  )
}
