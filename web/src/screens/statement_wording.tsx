// Lines from facts: what is ticked, in plain words of both languages, for the writer to mend. A figure is "at least"
// and says of when it is.
import { useSignal } from '@preact/signals'
import { withCode } from '../base/code'
import { clockText } from '../base/format'
import { t, wordsIn } from '../base/i18n'
import { entity, textOf, timeOf } from '../state/incident'
import { tongueOf } from '../state/statements'
import { Button } from '../ui/parts'
import { FactPicker, savePair } from './statement_line'

const counted = new Set(['killed', 'injured', 'missing', 'evacuated', 'sheltering'])

/** A fact in both languages; one in words is only in its own. */
async function wordingOf(id: string): Promise<{ en: string; ur: string }> {
  const fact = entity('fact', id)
  const counter = textOf(fact, 'counter')
  if (!fact || !counted.has(counter)) {
    const text = textOf(fact, 'text')
    return fact && tongueOf(fact) === 'ur' ? { en: '', ur: text } : { en: text, ur: '' }
  }
  const values = { n: Number(textOf(fact, 'lo')), time: clockText(timeOf(fact.fields['as_of'] ?? fact.fields['recorded_at']), false) }
  const [en, ur] = await Promise.all([wordsIn('en'), wordsIn('ur')])
  return { en: en('wording.' + counter, values), ur: ur('wording.' + counter, values) }
}

/** What can be said before anything is known, as far as the ticked facts bear it. */
async function holding(): Promise<{ en: string; ur: string }> {
  const [en, ur] = await Promise.all([wordsIn('en'), wordsIn('ur')])
  return { en: en('wording.holding'), ur: ur('wording.holding') }
}

export function WordingForm(props: { statement: string; first: number; onDone: () => void }) {
  const facts = useSignal<readonly string[]>([])
  const wrong = useSignal('')
  const busy = useSignal(false)
  const write = async (made: { text: { en: string; ur: string }; facts: readonly string[] }[]) => {
    if (busy.value) return
    busy.value = true
    for (const [i, it] of made.entries()) {
      wrong.value = await savePair(props.statement, undefined, { number: String(props.first + i), ...it.text, facts: it.facts, attributed: '' })
      if (wrong.value !== '') break
    }
    busy.value = false
    if (wrong.value === '') props.onDone()
  }
  const each = () => withCode(() => Promise.all(facts.value.map(async (id) => ({ text: await wordingOf(id), facts: [id] }))), write)
  const hold = () => withCode(holding, (text) => write([{ text, facts: facts.value }]))
  return (
    <section class="pairform" aria-label={t('statement.from_facts')}>
      <FactPicker chosen={facts.value} set={(it) => { facts.value = it }} />
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      <div class="acts">
        <Button writes="statement.lined" kind="primary" disabled={busy.value || facts.value.length === 0} onClick={() => void each()}>{t('statement.write_lines', { n: facts.value.length })}</Button>
        <Button writes="statement.lined" disabled={busy.value} onClick={() => void hold()}>{t('statement.holding')}</Button>
        <Button onClick={props.onDone}>{t('entry.cancel')}</Button>
      </div>
    </section>
  )
}
