// Accepting a figure: a commander adopts it, citing reports, until a time at which it is looked at again. It becomes a
// fact that statements can rest on, and takes the place of the one before; what was said on that asks for a correction.
import { useSignal } from '@preact/signals'
import { T, t } from '../base/i18n'
import { counterText, rangeText, wordText } from '../base/values'
import { acceptedFact, sourceName } from '../state/casualties'
import { act } from '../state/acts'
import { counters } from '../state/incident'
import { Button, Empty } from '../ui/parts'

const reviews = [15, 30, 60] as const

interface Accepting {
  counter: string
  count: string
  basis: readonly string[]
  reason: string
  minutes: number
}

/** The figure on the board, the fact behind it, and the end of the fact before: in this order, as far as it goes. */
async function accept(it: Accepting): Promise<string> {
  const before = acceptedFact(it.counter)
  const wrong = await act('count.accepted', { counter: it.counter, count: it.count, basis: it.basis, reason: it.reason })
  if (wrong !== '') return wrong
  const text = t('count.fact_text', { what: wordText(it.counter, 'counter'), n: it.count })
  const fact = await act('fact.accepted', { text, counter: it.counter, lo: it.count, basis: it.basis, as_of: '-0', review_at: '+' + it.minutes })
  if (fact !== '' || !before) return fact
  return act('fact.withdrawn', { fact: before.id, reason: t('count.fact_replaced', { n: it.count }) })
}

export function AcceptFigure(props: { names: readonly string[]; onDone: () => void }) {
  const it = useSignal<Accepting>({ counter: props.names[0]!, count: '', basis: [], reason: '', minutes: 30 })
  const wrong = useSignal('')
  const busy = useSignal(false)
  const set = (change: Partial<Accepting>) => { it.value = { ...it.value, ...change } }
  const { counter, count, basis, reason, minutes } = it.value
  const known = counters.value?.counters[counter]
  const claims = (known?.claims ?? []).filter((claim) => claim.is === 'used')
  const save = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy.value) return
    busy.value = true
    wrong.value = await accept(it.value)
    busy.value = false
    if (wrong.value === '') props.onDone()
  }
  const toggle = (report: string) => set({ basis: basis.includes(report) ? basis.filter((one) => one !== report) : [...basis, report] })
  return (
    <form class="card accept no-print" onSubmit={(event) => void save(event)} noValidate aria-labelledby="accept-title">
      <h2 id="accept-title">{t('count.accept')}</h2>
      <p class="hint">{t('count.accept_hint')}</p>
      <div class="radios" role="radiogroup" aria-label={t('count.title')}>
        {props.names.map((name) => (
          <label key={name}><input type="radio" name="accept-counter" value={name} checked={name === counter} onChange={() => set({ counter: name, basis: [] })} /><span>{wordText(name, 'counter')}</span></label>
        ))}
      </div>
      <p><T k="count.now_reported" p={{ range: counterText(known), confirmed: known?.confirmed || t('count.nobody') }} /></p>
      <fieldset>
        <legend>{t('count.basis_choose')}</legend>
        {claims.length === 0 && <Empty>{t('count.no_claims')}</Empty>}
        {claims.map((claim) => (
          <label key={claim.report} class="check">
            <input
              type="checkbox" checked={basis.includes(claim.report)}
              onChange={() => { toggle(claim.report); if (count === '' && claim.lo !== null) set({ count: String(claim.lo) }) }}
            />
            <b><bdi>{rangeText(claim.lo, claim.hi)}</bdi></b> <bdi>{sourceName(claim.source)}</bdi> <small><bdi>{claim.grade}</bdi> <bdi>#{claim.event}</bdi></small>
          </label>
        ))}
      </fieldset>
      <div class="two">
        <div class="field"><label for="accept-count">{t('count.figure')}</label><input id="accept-count" type="text" inputMode="numeric" value={count} onInput={(event) => set({ count: event.currentTarget.value })} /></div>
        <div class="field"><label for="accept-reason">{t('count.reason')}</label><input id="accept-reason" type="text" dir="auto" value={reason} onInput={(event) => set({ reason: event.currentTarget.value })} /></div>
        <div class="radios" role="radiogroup" aria-label={t('count.review_in')}>
          <span>{t('count.review_in')}</span>
          {reviews.map((n) => <label key={n}><input type="radio" name="accept-review" value={n} checked={n === minutes} onChange={() => set({ minutes: n })} /><span><T k="count.minutes" n={n} /></span></label>)}
        </div>
      </div>
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      <div class="acts"><Button writes="count.accepted" kind="primary" type="submit" disabled={busy.value}>{t('count.accept')}</Button><Button onClick={props.onDone}>{t('entry.cancel')}</Button></div>
    </form>
  )
}
