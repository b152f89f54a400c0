// The options of a decision in its form: each with its text, how it stands the three tests, and which one was chosen.
import { t } from '../base/i18n'
import { fieldText, wordText } from '../base/values'
import { entryOf } from '../state/acts'
import { nextId } from '../state/incident'
import type { Entry } from '../state/outbox'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { tests } from './forms'
import type { Raw } from './forms'
import { wordsOf } from './schema'

type Test = (typeof tests)[number]
export type OptionRow = { text: string; chosen: boolean } & Record<Test, string>

/** Where a form keeps them, beside its fields. */
export const WEIGHED = 'weighed'
const OPTIONS_MAX = 20
/** What was said of the decision is true of its options, too. */
const shared = ['class', 'via', 'observed_at', 'unc_s']
const entered_by = ['role', 'on_behalf_of']

const rowsOf = (raw: Raw) => (raw[WEIGHED] ?? []) as readonly OptionRow[]
const pick = (fields: Raw, names: readonly string[]) => Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]))

/** The entry of a decision with those of its options behind it, and the choice among them. */
export function withOptions(entry: Entry, raw: Raw): [Entry, ...Entry[]] {
  const rows = rowsOf(raw).filter((row) => row.text.trim() !== '')
  const first = Number(nextId('option', 'O').slice(2))
  const decision = entry.fields['decision']
  const options = rows.map((row, i): Entry => {
    const stands = Object.fromEntries(tests.filter((test) => row[test] !== '').map((test) => [test, row[test]]))
    const fields = { option: `O-${first + i}`, decision, text: row.text.trim(), ...stands, ...pick(entry.fields, shared) }
    return { kind: 'decision.option_offered', fields, numbered: { entity: 'option', field: 'option', prefix: 'O' }, of: { decision: 0 } }
  })
  const at = rows.findIndex((row) => row.chosen)
  if (at < 0) return [entry, ...options]
  const choice = entryOf('decision.option_chosen', { decision, choice: `O-${first + at}`, ...pick(entry.fields, [...shared, ...entered_by]) })
  return [entry, ...options, { ...choice, of: { decision: 0, choice: at + 1 } }]
}

function Row(props: { n: number; row: OptionRow; set: (row: OptionRow | null) => void }) {
  const { n, row, set } = props
  return (
    <div class="option" role="group" aria-label={t('decision.option_n', { n })}>
      <div class="said">
        <input
          id={'option-' + n} type="text" dir={row.text ? 'auto' : undefined} autocomplete="off" aria-label={t('decision.option_n', { n })} placeholder={t('decision.option_n', { n })} value={row.text}
          onInput={(event) => set({ ...row, text: event.currentTarget.value })}
        />
        <button type="button" class="square" aria-label={t('decision.remove_option', { n })} onClick={() => set(null)}><Icon name="close" /></button>
      </div>
      {tests.map((test) => (
        <label key={test}>
          <span>{fieldText(test)}</span>
          <select value={row[test]} onChange={(event) => set({ ...row, [test]: event.currentTarget.value })}>
            <option value="">–</option>
            {wordsOf(test).map((word) => <option key={word} value={word}>{wordText(word)}</option>)}
          </select>
        </label>
      ))}
      <label class="check"><input type="checkbox" checked={row.chosen} onChange={(event) => set({ ...row, chosen: event.currentTarget.checked })} />{t('decision.chosen')}</label>
    </div>
  )
}

export function OptionRows(props: { raw: Raw; set: (rows: readonly OptionRow[]) => void }) {
  const rows = rowsOf(props.raw)
  const change = (i: number, row: OptionRow | null) => {
    // One alone is chosen.
    const others = rows.map((it) => (row?.chosen ? { ...it, chosen: false } : it))
    props.set(row ? others.map((it, at) => (at === i ? row : it)) : rows.filter((_, at) => at !== i))
  }
  const add = () => {
    props.set([...rows, { text: '', chosen: false, suitability: '', feasibility: '', acceptability: '' }])
    requestAnimationFrame(() => document.getElementById('option-' + (rows.length + 1))?.focus())
  }
  return (
    <div class="field options" role="group" aria-labelledby="options-label">
      <span class="label" id="options-label">{fieldText('options')}</span>
      {rows.map((row, i) => <Row key={i} n={i + 1} row={row} set={(it) => change(i, it)} />)}
      {rows.length < OPTIONS_MAX && <Button class="small" onClick={add}>{t('decision.add_option')}</Button>}
    </div>
  )
}
