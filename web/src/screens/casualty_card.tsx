// One casualty: where it is on its way, and what happens to it next, one tap each. What does not follow is refused by
// the record with its reason; death and identity have their own hands.
import { useSignal } from '@preact/signals'
import { ageText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import { entityText } from '../base/written'
import type { Entity } from '../net/incident'
import { wordsOf } from '../entry/schema'
import { entryOf } from '../state/acts'
import { sourceName } from '../state/casualties'
import { entitiesOf, shown_now, textOf, timeOf } from '../state/incident'
import { may_write } from '../state/past'
import { submit } from '../state/outbox'
import type { Outcome } from '../state/outbox'
import { mayDo, whyNot } from '../state/rights'
import { hasRole, session } from '../state/session'
import { offerUndo } from '../state/undo'
import { openEvent, write } from '../state/view'
import { Button } from '../ui/parts'
import { Icon } from '../ui/icon'
import { Identity } from './identity'
import { placeOf } from './casualties_table'

const operator = () => session.value?.operator?.name ?? ''
/** Only a clinician says that somebody is dead. */
const triageWords = () => wordsOf('triage').filter((word) => word !== 'untriaged' && (word !== 'deceased' || hasRole('clinician')))
const over = new Set(['died', 'merged', 'unfounded'])

type Asking = 'transport' | 'merge' | null
type Refused = Extract<Outcome, { is: 'refused' }>

interface Part {
  it: Entity
  run: (kind: string, fields: Record<string, unknown>, undo?: () => void) => Promise<void>
}

function Triage({ it, run }: Part) {
  const scheme = useSignal(textOf(it, 'triage_scheme') || 'start')
  const set = (triage: string, of = scheme.value) => ({ triage, triage_scheme: of, by: operator(), ...(triage === 'deceased' ? { role: 'clinician' } : {}) })
  const before = textOf(it, 'triage')
  const before_scheme = textOf(it, 'triage_scheme')
  const choose = (word: string) => run('casualty.triage_set', set(word), before && before !== 'deceased' ? () => void run('casualty.triage_set', set(before, before_scheme)) : undefined)
  return (
    <div class="taps" role="group" aria-label={t('count.triage_set')}>
      <h3>
        {t('count.triage_set')}{' '}
        <select class="scheme" aria-label={t('casualty.scheme')} value={scheme.value} onChange={(event) => { scheme.value = event.currentTarget.value }}>
          {wordsOf('triage_scheme').map((word) => <option key={word} value={word}>{wordText(word, 'triage_scheme')}</option>)}
        </select>
      </h3>
      {triageWords().map((word) => <Button writes="casualty.triage_set" key={word} class={'triage ' + word} pressed={before === word} onClick={() => void choose(word)}>{wordText(word, 'triage')}</Button>)}
    </div>
  )
}

function Onward({ it, run, ask }: Part & { ask: (what: Asking) => void }) {
  const state = textOf(it, 'state')
  const status = (word: string) => (
    <Button writes="casualty.status_set" key={word} pressed={state === word} onClick={() => void run('casualty.status_set', { casualty_status: word, by: operator() })}>{wordText(word, 'casualty_status')}</Button>
  )
  return (
    <div class="taps" role="group" aria-label={t('casualty.onward')}>
      <h3>{t('casualty.onward')}</h3>
      {['treated', 'ccp', 'loading'].map(status)}
      <Button writes="casualty.transported" pressed={state === 'transported'} onClick={() => ask('transport')}>{t('casualty.to_hospital')}</Button>
      {state === 'transported' && <Button writes="casualty.hospital_acked" kind="primary" onClick={() => void run('casualty.hospital_acked', { by: textOf(it, 'destination') || operator() })}>{t('casualty.arrived')}</Button>}
      {state === 'at-hospital' && status('discharged')}
      <Button writes="casualty.moved" onClick={() => write('casualty.moved', { casualty: it.id })}>{t('count.moved')}</Button>
    </div>
  )
}

/** Vehicles and hospitals that the record knows. */
function known(kind: string, field: string, word: string, used: string): string[] {
  const own = entitiesOf(kind).filter((it) => textOf(it, field) === word).map((it) => (kind === 'unit' ? it.id : textOf(it, 'name') || textOf(it, 'place')))
  return [...new Set([...own, ...entitiesOf('casualty').map((it) => textOf(it, used))])].filter(Boolean)
}

/** The record asks for a reason only when somebody who cannot wait lies at the same place. */
function Transport({ run, needs_why }: Part & { needs_why: boolean }) {
  const vehicle = useSignal('')
  const to = useSignal('')
  const why = useSignal('')
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    void run('casualty.transported', { vehicle: vehicle.value, destination: to.value, override_reason: why.value })
  }
  const line = (id: string, label: string, value: { value: string }, options: string[]) => (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="text" dir="auto" list={id + '-list'} value={value.value} onInput={(event) => { value.value = event.currentTarget.value }} />
      <datalist id={id + '-list'}>{options.map((one) => <option key={one} value={one} />)}</datalist>
    </div>
  )
  return (
    <form class="asks" onSubmit={send} noValidate aria-label={t('casualty.to_hospital')}>
      {line('casualty-vehicle', t('casualty.vehicle'), vehicle, [...known('unit', 'unit_category', 'ems', 'vehicle'), ...known('unit', 'unit_category', 'medical-transport', 'vehicle')])}
      {line('casualty-to', t('casualty.hospital'), to, known('point', 'point_kind', 'hospital', 'destination'))}
      {needs_why && line('casualty-why', t('casualty.why_first'), why, [])}
      <Button writes="casualty.transported" kind="primary" type="submit">{t('casualty.send')}</Button>
    </form>
  )
}

function Merge({ it, run }: Part) {
  const into = useSignal('')
  const why = useSignal('')
  const others = entitiesOf('casualty').filter((one) => one.id !== it.id && textOf(one, 'state') !== 'merged')
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    void run('casualty.merged', { replaces: into.value, reason: why.value })
  }
  return (
    <form class="asks" onSubmit={send} noValidate aria-label={t('casualty.merge')}>
      <p class="hint">{t('casualty.merge_hint')}</p>
      <div class="field">
        <label for="merge-into">{t('casualty.merge_into')}</label>
        <select id="merge-into" value={into.value} onChange={(event) => { into.value = event.currentTarget.value }}>
          <option value="">{t('entry.choose')}</option>
          {others.map((one) => <option key={one.id} value={one.id}>{one.id} {wordText(textOf(one, 'category'), 'category')}</option>)}
        </select>
      </div>
      <div class="field"><label for="merge-why">{t('count.reason')}</label><input id="merge-why" type="text" dir="auto" value={why.value} onInput={(event) => { why.value = event.currentTarget.value }} /></div>
      <Button writes="casualty.merged" kind="primary" type="submit">{t('casualty.merge')}</Button>
    </form>
  )
}

/** Who knows: the family is told before anybody else. */
function Kin({ it, run }: Part) {
  if (!mayDo('casualty.nok_set')) return null
  return (
    <div class="taps" role="group" aria-label={t('casualty.kin')}>
      <h3>{t('casualty.kin')}</h3>
      {wordsOf('nok').map((word) => <Button writes="casualty.nok_set" key={word} pressed={textOf(it, 'nok') === word} onClick={() => void run('casualty.nok_set', { nok: word, by: operator() })}>{wordText(word, 'nok')}</Button>)}
    </div>
  )
}

function Facts(props: { it: Entity }) {
  const { it } = props
  const changed = timeOf(it.fields['recorded_at'])
  const rows: [string, string][] = [
    [t('col.where'), placeOf(it) || t('count.no_place')],
    [t('casualty.person'), joined(['sex', 'age_band'].filter((name) => textOf(it, name) !== '').map((name) => wordText(textOf(it, name), name)), t('comma'))],
    [t('col.transport'), [textOf(it, 'vehicle'), textOf(it, 'destination')].filter(Boolean).join(' → ')],
    [t('casualty.who_said'), textOf(it, 'source') ? sourceName(textOf(it, 'source')) : textOf(it, 'by') || textOf(it, 'actor')],
    [t('casualty.found'), entityText(it, 'text')],
  ]
  return (
    <dl>
      {rows.filter(([, value]) => value !== '').map(([name, value]) => <div key={name} class="pairrow"><dt>{name}</dt><dd><bdi>{value}</bdi></dd></div>)}
      <div class="pairrow">
        <dt>{t('col.changed')}</dt>
        <dd><bdi>{ageText(shown_now.value - changed)}</bdi> <button type="button" class="link" onClick={() => openEvent(it.changed)}><bdi>#{it.changed}</bdi></button></dd>
      </div>
    </dl>
  )
}

export function CasualtyCard(props: { it: Entity; onClose: () => void }) {
  const { it } = props
  const refused = useSignal<Refused | null>(null)
  const asking = useSignal<Asking>(null)
  const run = async (kind: string, fields: Record<string, unknown>, undo?: () => void) => {
    const outcome = await submit(entryOf(kind, { casualty: it.id, ...fields }))
    refused.value = outcome.is === 'refused' ? outcome : null
    if (refused.value) return
    asking.value = null
    if (undo) offerUndo(t('casualty.undo', { tag: it.id }), undo)
  }
  const part = { it, run }
  const verified = textOf(it, 'verified') !== ''
  const state = textOf(it, 'state')
  return (
    <aside class="card casualty no-print" tabIndex={-1} data-tag={it.id} data-state={state} aria-labelledby="casualty-title">
      <header>
        <h2 id="casualty-title"><bdi>{it.id}</bdi> <small>{wordText(textOf(it, 'category'), 'category')} · {wordText(state, 'casualty_status')}</small></h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </header>
      <Facts it={it} />
      <p class="bad" role="alert" dir="auto">{refused.value?.detail}</p>
      {whyNot('writes') === '' && !over.has(state) && (
        <>
          <Triage {...part} />
          <Onward {...part} ask={(what) => { asking.value = asking.value === what ? null : what }} />
          {asking.value === 'transport' && <Transport {...part} needs_why={refused.value?.field === 'override_reason'} />}
        </>
      )}
      {whyNot('writes') === '' && state !== 'merged' && (
        <div class="taps" role="group" aria-label={t('casualty.record')}>
          <h3>{t('casualty.record')}</h3>
          {verified
            ? <Button writes="casualty.doubted" onClick={() => write('casualty.doubted', { casualty: it.id })}>{t('casualty.doubt')}</Button>
            : <Button writes="casualty.verified" onClick={() => void run('casualty.verified', { verified: true, by: operator() })}>{t('count.verified')}</Button>}
          <Button writes="casualty.merged" pressed={asking.value === 'merge'} onClick={() => { asking.value = asking.value === 'merge' ? null : 'merge' }}>{t('casualty.merge')}</Button>
          {state !== 'died' && hasRole('clinician') && <Button writes="casualty.status_set" onClick={() => write('casualty.status_set', { casualty: it.id, casualty_status: 'died', role: 'clinician', by: operator() })}>{t('casualty.died')}</Button>}
        </div>
      )}
      {asking.value === 'merge' && <Merge {...part} />}
      {may_write.value && <Kin {...part} />}
      {verified && <p class="hint"><T k="casualty.is_verified" p={{ who: textOf(it, 'by') || '·' }} /></p>}
      {may_write.value && mayDo('seals') && state !== 'merged' && <Identity key={it.id} tag={it.id} sealed={textOf(it, 'sealed') !== ''} />}
    </aside>
  )
}
