// Two moments beside each other: what differs, in words.
import { computed, signal } from '@preact/signals'
import { fieldText, timeText, valueText, wordText } from '../base/values'
import { T, joined, t, tMaybe } from '../base/i18n'
import type { Entity, Value } from '../net/incident'
import { live_now, now } from '../state/clock'
import { differ } from '../state/differ'
import type { Change } from '../state/differ'
import { past_book, textOf } from '../state/incident'
import type { Book } from '../state/incident'
import { as_role, past_at, scrubTo } from '../state/past'
import { entityName, placeName } from '../state/names'
import { schema } from '../entry/schema'
import { Button, Empty } from '../ui/parts'

interface Kept {
  at: number
  role: string
  book: Book
}

export const compared = { a: signal<Kept | null>(null), b: signal<Kept | null>(null) }

/** From the earlier of the two to the later, whichever was kept first. */
const changes = computed(() => {
  const [a, b] = [compared.a.value, compared.b.value]
  if (!a || !b || a.role !== b.role || a.book.id !== b.book.id) return null
  return a.at <= b.at ? differ(a.book, b.book) : differ(b.book, a.book)
})

const SHOWN = 200

function keep(name: 'a' | 'b'): void {
  const book = past_book.peek()
  if (book && past_at.peek() !== null) compared[name].value = { at: past_at.peek()!, role: as_role.peek(), book }
}

const places: Record<string, string> = { zone: 'zone', zones: 'zone', point: 'point', routed_to: 'point', level: 'level', structure: 'structure' }

function value(name: string, it: Value | null): string {
  if (it === null) return t('replay.nothing')
  if (it === true) return t('yes')
  const kind = places[name]
  if (kind) return joined((Array.isArray(it) ? it : [it]).map((id) => placeName(kind, String(id))), t('comma'))
  return valueText(name, it, now.peek())
}

/** What it is called: what was said about it last is no name. */
function titleOf(it: Entity): string {
  const zone = textOf(it, 'zone')
  if (it.kind === 'clearance' && zone) return joined([placeName('zone', zone), wordText(textOf(it, 'kind'), 'kind')], ' · ')
  return it.kind === 'unit' || it.kind === 'casualty' ? it.id : entityName(it)
}

const own_keys = new Set(Object.values(schema.entities).map((it) => it.key))

function Item(props: { it: Change }) {
  const { entity, made, fields } = props.it
  const told = fields.filter((field) => !own_keys.has(field.name) || places[field.name] !== undefined || field.name === 'unit')
  return (
    <li data-key={`${entity.kind}/${entity.id}`}>
      <b>{tMaybe('place.' + entity.kind, tMaybe('entity.' + entity.kind, fieldText(schema.entities[entity.kind]?.key ?? entity.kind)))} <bdi>{titleOf(entity)}</bdi></b>
      {made && <> <span class="pill">{t('replay.new')}</span></>}
      <small>
        {told.map((field, i) => (
          <span key={field.name}>
            {i > 0 && ' · '}
            {made || field.before === null
              ? <T k="replay.is" p={{ what: fieldText(field.name), after: value(field.name, field.after) }} />
              : <T k="replay.from_to" p={{ what: fieldText(field.name), before: value(field.name, field.before), after: value(field.name, field.after) }} />}
          </span>
        ))}
      </small>
    </li>
  )
}

function Moment(props: { name: 'a' | 'b' }) {
  const it = compared[props.name].value
  const letter = props.name.toUpperCase()
  return (
    <>
      <Button class="small" disabled={past_at.value === null} onClick={() => keep(props.name)}><T k="replay.keep" p={{ name: letter }} /></Button>
      {it && <button type="button" class="link" onClick={() => scrubTo(it.at)}><bdi>{letter} {timeText(it.at, live_now.peek())}</bdi></button>}
    </>
  )
}

export function Compare() {
  const list = changes.value
  return (
    <section class="card compare" aria-labelledby="compare-title">
      <div class="sechead"><h2 id="compare-title">{t('replay.compare')}</h2>{list && <span class="count">{list.length}</span>}</div>
      <div class="acts"><Moment name="a" /><Moment name="b" /></div>
      {!list && <p class="hint">{compared.a.value && compared.b.value ? t('replay.other_role') : t('replay.compare_hint')}</p>}
      {list?.length === 0 && <Empty>{t('replay.same')}</Empty>}
      {list && list.length > 0 && (
        <ul class="changes" tabIndex={0} aria-label={t('replay.compare')}>
          {list.slice(0, SHOWN).map((it) => <Item key={`${it.entity.kind}/${it.entity.id}`} it={it} />)}
          {list.length > SHOWN && <li><T k="replay.more" n={list.length - SHOWN} /></li>}
        </ul>
      )}
    </section>
  )
}
