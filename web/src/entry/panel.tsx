// Writing an entry, in the place of the log: the list of kinds after a slash, or the form of one kind. Never
// a dialog: the board stays in sight and in reach.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { unitName } from '../base/describe'
import { T, t } from '../base/i18n'
import { fieldText, kindText } from '../base/values'
import { serverNow } from '../state/clock'
import { nextId, strip } from '../state/incident'
import { promote, submit, submitAll } from '../state/outbox'
import type { Entry, Outcome } from '../state/outbox'
import { mayDo } from '../state/rights'
import { menu, menu_active, said, slash, write, writing } from '../state/view'
import type { Writing } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Icon } from '../ui/icon'
import { countUse, recent } from '../shell/chips'
import { Transfer } from './transfer'
import { isFresh, joinPosition, toFields } from './convert'
import { OpenIncident } from './open'
import { follow, offered, rolesFor, specOf, startOf } from './forms'
import type { FormSpec, Raw } from './forms'
import { EntryField } from './inputs'
import { OptionRows, WEIGHED, withOptions } from './options'
import { keyOf, schema, wordsOf } from './schema'

const MENU_MAX = 200

function matching(words: string): FormSpec[] {
  const wanted = words.trim().toLowerCase()
  const possible = offered.filter((spec) => mayDo(spec.kind))
  const rank = (spec: FormSpec) => {
    const last = recent.value.indexOf(spec.kind)
    if (wanted === '') return last >= 0 ? last - recent.value.length : 0
    const name = kindText(spec.kind).toLowerCase()
    if (spec.slash === wanted) return 0
    if (spec.slash.startsWith(wanted)) return 1
    if (name.startsWith(wanted)) return 2
    if (name.split(/\s+/).some((word) => word.startsWith(wanted))) return 3
    // Each word of what was typed, somewhere in the name: "unit out" finds "Unit leaves a zone" by its kind.
    const all = `${name} ${spec.kind} ${spec.slash}`
    return wanted.split(/\s+/).every((word) => all.includes(word)) ? 4 : NaN
  }
  return possible.map((spec) => ({ spec, at: rank(spec) })).filter((it) => !Number.isNaN(it.at)).sort((a, b) => a.at - b.at)
    .map((it) => it.spec).slice(0, MENU_MAX)
}

function Menu() {
  const at = useSignal(0)
  const found = matching(slash.value ?? '')
  const place = Math.min(at.value, found.length - 1)
  useEffect(() => {
    menu_active.value = found[place] ? 'kind-' + place : ''
    document.getElementById('kind-' + place)?.scrollIntoView({ block: 'nearest' })
    menu.key = (key) => {
      if (key === 'ArrowDown') at.value = Math.min(found.length - 1, place + 1)
      else if (key === 'ArrowUp') at.value = Math.max(0, place - 1)
      else if ((key === 'Enter' || key === 'Tab') && found[place]) write(found[place].kind)
      else return false
      return true
    }
  })
  useEffect(() => () => {
    menu.key = null
    menu_active.value = ''
  }, [])
  if (found.length === 0) return <div id="entry"><Empty>{t('entry.no_kind')}</Empty></div>
  return (
    <div id="entry">
      <ul id="kinds" role="listbox" aria-label={t('entry.kinds')}>
        {found.map((spec, i) => (
          <li key={spec.kind} id={'kind-' + i} role="option" aria-selected={i === place} onClick={() => write(spec.kind)}>
            <b>{kindText(spec.kind)}</b>
            <small dir="ltr">/{spec.slash}</small>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Asked for last, of every kind: when, by whom, how it came, who may see it. */
const envelope = ['observed_at', 'reported_at', 'source', 'grade', 'via', 'role', 'on_behalf_of', 'class']
const urgent = new Set(['mayday.declared', 'evacuation.ordered'])
/** What stays the same from entry to entry. */
const sticky: Raw = {}
const kept_names = ['source', 'grade']
/** What was typed and not sent, by kind. */
const drafts = new Map<string, Raw>()

/** What a drawing brings itself. */
const geometry = ['shape', 'lat', 'lon']

function fieldsOf(spec: FormSpec, without: readonly string[] = []): { first: string[]; more: string[] } {
  const info = schema.kinds[spec.kind]!
  const hidden = new Set([...(spec.hide ?? []), ...without])
  const key = keyOf(spec.kind)
  const own = key && !spec.numbered && key !== 'incident' && !hidden.has(key) ? [key] : []
  const needed = info.fields.filter((field) => field.need && field.name !== key).map((field) => field.name)
  const role = info.roles.length === 0 ? [] : info.roles.includes('commander') ? ['role', 'on_behalf_of'] : ['role']
  const first = [...new Set([...spec.first, ...own, ...needed, ...role])].filter((name) => !hidden.has(name))
  const more = [...info.fields.map((field) => field.name), ...envelope]
  return { first, more: [...new Set(more)].filter((name) => !first.includes(name) && !hidden.has(name) && name !== key && name !== 'lon') }
}

/** Sources and agencies that are named here for the first time, registered before what names them. */
function before(raw: Raw): { entries: { field: string; entry: Entry }[]; wrong: string } {
  const entries: { field: string; entry: Entry }[] = []
  for (const [field, value] of Object.entries(raw)) {
    if (!isFresh(value) || value.name.trim() === '') continue
    const name = value.name.trim()
    if (!value.word) return { entries, wrong: field }
    const entry = field === 'agency'
      ? { kind: 'agency.joined', fields: { agency: name, name, agency_kind: value.word } }
      : { kind: 'source.registered', fields: { source: name, name, source_kind: value.word } }
    entries.push({ field, entry })
  }
  return { entries, wrong: '' }
}

/** At its field the sentence need not name it; the name is the record's, or the word of a translated sentence. */
function withoutField({ detail, field }: { detail: string; field: string }): string {
  const name = [field, fieldText(field)].find((it) => it !== '' && detail.startsWith(it + ': '))
  return name === undefined ? detail : detail.slice(name.length + 2)
}

function finished(outcome: Outcome): void {
  said.value = outcome.is === 'done' ? { text: t('entry.done', { n: outcome.seq }), level: '' } : { text: t('entry.waits'), level: 'warn' }
}

function useEntry(it: Writing, spec: FormSpec) {
  const raw = useSignal<Raw>(joinPosition({ ...sticky, ...startOf(spec, {}), ...drafts.get(it.kind), ...it.preset }))
  const wrong = useSignal<{ field: string; text: string } | null>(null)
  const busy = useSignal(false)
  const set = (name: string, value: unknown) => {
    raw.value = { ...raw.value, [name]: value, ...follow(it.kind, name, value) }
    if (wrong.value?.field === name) wrong.value = null
    drafts.set(it.kind, raw.value)
  }
  const send = async () => {
    // What the kind does not know was remembered from another one.
    const own = new Set([...fieldsOf(spec).first, ...fieldsOf(spec).more, ...(spec.hide ?? []), keyOf(spec.kind), 'about'])
    const asked = Object.fromEntries(Object.entries(raw.value).filter(([name]) => own.has(name)))
    const numbered = spec.numbered ? { entity: schema.kinds[spec.kind]!.entity!, field: keyOf(spec.kind), prefix: spec.numbered } : undefined
    if (numbered) asked[numbered.field] = nextId(numbered.entity, numbered.prefix)
    const made = toFields(spec.kind, asked, keyOf(spec.kind), serverNow())
    if ('wrong' in made) return { field: made.field, text: t(`entry.wrong_${made.wrong}`) }
    const first = before(asked)
    if (first.wrong) return { field: first.wrong, text: t('entry.wrong_kind') }
    if (it.supersedes !== undefined) made.fields['supersedes'] = it.supersedes
    for (const { field, entry } of first.entries) {
      const outcome = await submit(entry)
      if (outcome.is === 'refused') return { field, text: withoutField(outcome) }
    }
    const entry: Entry = { kind: spec.kind, fields: made.fields, ...(numbered ? { numbered } : {}) }
    const outcome = it.promote === undefined ? await submitAll(spec.kind === 'decision.taken' ? withOptions(entry, raw.value) : [entry]) : await promote({ ...entry, uid: it.promote })
    if (outcome.is === 'refused') return { field: outcome.field, text: withoutField(outcome) }
    for (const name of kept_names) {
      const value = made.fields[name]
      if (value !== undefined) sticky[name] = value
    }
    countUse(spec.kind)
    finished(outcome)
    return null
  }
  return { raw, wrong, busy, set, send }
}

function Form(props: { it: Writing }) {
  const { it } = props
  const spec = specOf(it.kind)
  const { raw, wrong, busy, set, send } = useEntry(it, spec)
  const form = useRef<HTMLFormElement>(null)
  const { first, more } = fieldsOf(spec, it.promote === undefined ? [] : geometry)
  const open = useSignal(false)
  const needed = new Set([...schema.kinds[spec.kind]!.fields.filter((field) => field.need).map((field) => field.name), keyOf(spec.kind)])
  const focus = (name: string) => {
    const id = '#entry-' + CSS.escape(name)
    const find = (selector: string) => form.current?.querySelector<HTMLElement>(selector)
    const input = find(`${id}:not([role]), ${id} input`) ?? find('.field :is(input, select, textarea)')
    input?.focus()
  }
  useLayoutEffect(() => focus(first.find((name) => raw.value[name] === undefined || raw.value[name] === '') ?? first[0]!), [])
  // With the sentence, not after it: what is typed at once goes into its field.
  useLayoutEffect(() => {
    if (wrong.value) focus(wrong.value.field)
  }, [wrong.value])
  const close = () => {
    drafts.delete(it.kind)
    writing.value = null
    document.getElementById('composer-text')?.focus()
  }
  // The button says Enter, so it enters from each field: a list opens by the space bar, Shift+Enter is a new line.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !(event.target as HTMLElement).matches('select, textarea')) return
    event.preventDefault()
    form.current?.requestSubmit()
  }
  const onSubmit = async (event: Event) => {
    event.preventDefault()
    if (busy.value) return
    busy.value = true
    const failed = await send()
    busy.value = false
    wrong.value = failed
    if (failed && more.includes(failed.field)) open.value = true
    if (!failed) close()
  }
  const field = (name: string) => (
    <EntryField
      key={name} name={name} value={raw.value[name]} set={(value) => set(name, value)} needed={needed.has(name)}
      words={name === 'role' ? rolesFor(schema.kinds[spec.kind]!.roles.length > 0 ? schema.kinds[spec.kind]!.roles : wordsOf('role')) : wordsOf(name)}
      own={name === keyOf(spec.kind) && schema.kinds[spec.kind]!.mode !== 'CHANGE'} wrong={wrong.value?.field === name ? wrong.value.text : ''}
      {...(name === 'observed_at' ? { about: { value: raw.value['about'] === true, set: (value: boolean) => set('about', value) } } : {})}
    />
  )
  const elsewhere = wrong.value && !first.includes(wrong.value.field) && !more.includes(wrong.value.field)
  return (
    <form id="entry" ref={form} onSubmit={(event) => void onSubmit(event)} onKeyDown={onKeyDown} noValidate aria-labelledby="entry-title">
      <header>
        <h2 id="entry-title">{kindText(it.kind)}</h2>
        {it.promote !== undefined && <small><T k="entry.from_drawing" p={{ name: unitName(it.promote) }} /></small>}
        {it.supersedes !== undefined && <small><T k="entry.corrects" p={{ seq: it.supersedes }} /></small>}
        <button type="button" class="square" aria-label={t('close')} onClick={close}><Icon name="close" /></button>
      </header>
      <div class="fields">
        {first.map(field)}{spec.kind === 'decision.taken' && <OptionRows raw={raw.value} set={(rows) => set(WEIGHED, rows)} />}
        <details open={open.value} onToggle={(event) => { open.value = event.currentTarget.open }}>
          <summary>{t('entry.more')}</summary>
          {open.value && more.map(field)}
        </details>
        {elsewhere && <p class="wrong" role="alert">{wrong.value!.field ? `${fieldText(wrong.value!.field)}: ` : ''}{wrong.value!.text}</p>}
      </div>
      <div class="acts">
        <Button kind={urgent.has(it.kind) ? 'critical' : 'primary'} type="submit" keys="↵" disabled={busy.value}>{t('entry.enter')}</Button>
        <Button onClick={close} keys="Esc">{t('entry.cancel')}</Button>
      </div>
    </form>
  )
}

export default function EntryPanel() {
  const it = writing.value
  if (it?.kind === 'incident.opened') return <OpenIncident />
  if (it?.kind === 'command.transferred' && it.supersedes === undefined) return <Transfer key={JSON.stringify(it.preset)} />
  if (!strip.value) return <div id="entry"><Empty>{t('entry.no_incident')}</Empty></div>
  return it ? <Form key={it.kind + (it.supersedes ?? '') + (it.promote ?? '') + JSON.stringify(it.preset)} it={it} /> : <Menu />
}
