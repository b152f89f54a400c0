// The line to write: to the log, to all, to one unit; a slash enters anything. A line to the log is its writer's own
// note, with Enter; Shift+Enter asks who said it, in the form. In it "[21:43] " is when it was seen, @ names a unit
// and # a zone.
import { effect, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { unitName } from '../base/describe'
import { dir, t } from '../base/i18n'
import { kindText } from '../base/values'
import { complete, completionOf, noteFields, parseLogLine } from '../entry/line'
import { serverNow } from '../state/clock'
import { entitiesOf, incident_id } from '../state/incident'
import { placeName } from '../state/names'
import { say } from '../state/outbox'
import { numbered, quick } from '../state/quick'
import { addressee, addressTo, giveBack, has_log, NOTE, whyHeld } from '../state/recipient'
import type { Addressee } from '../state/recipient'
import { mayDo, whyNot, writable } from '../state/rights'
import { text_changed, units } from '../state/tracks'
import { draft, endSlash, menu, menu_active, said, slash, write, writing } from '../state/view'
import { Button } from '../ui/parts'
import { startSlash } from './actions'
import { chips } from './chips'

const NAMES_MAX = 8

function recipients(): { uid: string; callsign: string }[] {
  return [...units.values()]
    .filter((unit) => unit.presence && unit.online)
    .map(({ uid, callsign }) => ({ uid, callsign }))
    .sort((a, b) => a.callsign.localeCompare(b.callsign, undefined, { numeric: true }))
}

const unitNames = () => entitiesOf('unit').map((it) => it.id)
const zoneNames = () => entitiesOf('zone').map((it) => it.id)

/** The entries that this post makes most, one tap each. */
export function Chips() {
  if (!incident_id.value || writing.value || slash.value !== null || whyNot('writes') !== '') return null
  return (
    <div id="kindchips" role="group" aria-label={t('chips.title')}>
      {chips.value.map((kind) => <Button key={kind} writes={kind} class="small" onClick={() => write(kind)}>{kindText(kind)}</Button>)}
    </div>
  )
}

/** A line into the log, at once. What cannot be read in it (a time) is asked for in the form, what was refused stands in the
 * line again, or in the form when the next one is being typed. */
async function note(line: string, whom: Addressee): Promise<void> {
  const fields = noteFields(parseLogLine(line, unitNames(), zoneNames()), serverNow())
  if (!fields) write(NOTE, noteOf(line))
  else if (!await quick(numbered(NOTE, 'report', 'R', fields), t('log.noted'))) refused(line, whom)
}

/** Waits while another form is open: what stands in that is not lost either. */
function refused(line: string, whom: Addressee): void {
  const why = said.peek()
  let given = false
  const stop = effect(() => {
    const typing = draft.value !== ''
    if (given || (typing && (writing.value || whyNot(NOTE) !== ''))) return
    given = true
    queueMicrotask(() => {
      stop()
      if (!typing) return giveBack(line, whom)
      write(NOTE, noteOf(line))
      said.value = why
    })
  })
}

/** What a line to the log says beside its words. */
function noteOf(line: string): Record<string, unknown> {
  const { text, at, about, unit, zone } = parseLogLine(line, unitNames(), zoneNames())
  return {
    predicate: 'note', text, ...(at ? { observed_at: at } : {}), ...(about ? { about: true } : {}), ...(unit ? { subject: unit } : {}), ...(zone ? { zone } : {}),
  }
}

interface Named {
  id: string
  name: string
}

/** The names that fit what is typed behind @ or #. */
function fitting(mark: '@' | '#', typed: string): Named[] {
  const wanted = typed.toLowerCase()
  const all: Named[] = mark === '@' ? unitNames().map((id) => ({ id, name: '' })) : zoneNames().map((id) => ({ id, name: placeName('zone', id) }))
  const fits = (it: Named) => it.id.toLowerCase().includes(wanted) || it.name.toLowerCase().includes(wanted)
  const first = (it: Named) => Number(!it.id.toLowerCase().startsWith(wanted))
  return all.filter(fits).sort((a, b) => first(a) - first(b)).slice(0, NAMES_MAX)
}

/** The names that fit what is typed, while any do; `take` puts one into the line. */
function useNames(on: boolean, change: (value: string) => void) {
  const at = useSignal(0)
  const closed = useSignal('')
  const naming = on && closed.value !== draft.value ? completionOf(draft.value) : null
  const names = naming ? fitting(naming.mark, naming.typed) : []
  const place = Math.min(at.value, names.length - 1)
  const take = (name: Named) => change(complete(draft.value, naming!, name.id))
  /** True when the list takes the key. */
  const key = (pressed: string): boolean => {
    if (names.length === 0) return false
    if (pressed === 'ArrowDown') at.value = Math.min(names.length - 1, place + 1)
    else if (pressed === 'ArrowUp') at.value = Math.max(0, place - 1)
    else if (pressed === 'Enter' || pressed === 'Tab') take(names[place]!)
    else if (pressed === 'Escape') closed.value = draft.value
    else return false
    return true
  }
  return { names, place, take, key, first: () => { at.value = 0 } }
}

function Names(props: { names: readonly Named[]; place: number; onTake: (name: Named) => void }) {
  if (props.names.length === 0) return null
  return (
    <ul id="names" role="listbox" aria-label={t('chat.names')}>
      {props.names.map((it, i) => (
        <li key={it.id} id={'name-' + i} role="option" aria-selected={i === props.place} onPointerDown={(event) => { event.preventDefault(); props.onTake(it) }}>
          <b><bdi>{it.id}</bdi></b> <small><bdi>{it.name}</bdi></small>
        </li>
      ))}
    </ul>
  )
}

/** To the log, to all, or to one who is there; who was chosen and is gone stays named. */
function Recipients() {
  void text_changed.value
  const { to } = addressee.value
  const list = recipients()
  const known = to === 'all' || to === 'log' || list.some((unit) => unit.uid === to)
  return (
    <>
      <label class="hidden" for="composer-to">{t('chat.to')}</label>
      <select id="composer-to" value={to} {...writable('writes')} onChange={(event) => addressTo(event.currentTarget.value)}>
        {(has_log.value || to === 'log') && <option value="log">{t('chat.log')}</option>}
        <option value="all">{t('chat.all')}</option>
        {!known && <option value={to}>{unitName(to)}</option>}
        {list.map((unit) => <option key={unit.uid} value={unit.uid}>{unit.callsign}</option>)}
      </select>
    </>
  )
}

function placeholder(): string {
  if (!mayDo('writes')) return t('rights.reads')
  if (whyNot('writes') !== '') return t('past.composer')
  return incident_id.value ? t('chat.placeholder_slash') : t('chat.placeholder')
}

/** True when the line stays, and why is said. */
function held(): boolean {
  const why = whyHeld()
  if (why !== '') said.value = { text: why, level: 'warn' }
  return why !== ''
}

export function Composer() {
  const input = useRef<HTMLInputElement>(null)
  const { to } = addressee.value
  const typed = slash.value !== null
  const change = (value: string) => {
    // Who takes the slash away has the line again that stood there.
    if (value === '' && slash.peek() !== null) endSlash()
    else draft.value = value
    list.first()
    if (value.startsWith('/')) writing.value = null
  }
  const list = useNames(to === 'log' && !typed, (value) => {
    change(value)
    input.current?.focus()
  })
  const send = (event: Event) => {
    event.preventDefault()
    const line = draft.value.trim()
    if (!line || typed) return
    const whom = addressee.peek()
    if (held()) return
    draft.value = ''
    if (whom.to === 'log') void note(line, whom)
    else say(whom.to, line)
  }
  const ask = () => {
    if (held()) return
    write(NOTE, noteOf(draft.value.trim()))
    draft.value = ''
  }
  const listed = typed || list.names.length > 0
  return (
    <form id="composer" onSubmit={send}>
      <Names names={list.names} place={list.place} onTake={list.take} />
      <Recipients />
      <label class="hidden" for="composer-text">{t('chat.text')}</label>
      <input
        id="composer-text"
        ref={input}
        value={draft.value}
        {...writable('writes')}
        role={listed ? 'combobox' : undefined}
        aria-expanded={listed ? 'true' : undefined}
        aria-controls={typed ? 'kinds' : listed ? 'names' : undefined}
        aria-activedescendant={typed ? menu_active.value || undefined : listed ? 'name-' + list.place : undefined}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          const asks = event.key === 'Enter' && event.shiftKey && to === 'log' && !typed && draft.value.trim() !== ''
          if (asks) ask()
          if (asks || (typed ? menu.key?.(event.key) : list.key(event.key))) event.preventDefault()
        }}
        placeholder={placeholder()}
        maxLength={2000}
        autocomplete="off"
        dir={draft.value === '' ? dir.value : 'auto'}
        aria-keyshortcuts="N"
      />
      <Button writes="writes" class="slash" label={t('act.enter')} keys="/" onClick={startSlash}>{''}</Button>
      <Button writes="writes" kind="primary" type="submit" keys="↵">{t(to === 'log' ? 'entry.enter' : 'chat.send')}</Button>
    </form>
  )
}
