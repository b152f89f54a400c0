// Who lives, works or visits here: how many are expected, out, sheltering, found, and how many nobody can account for.
import { useSignal } from '@preact/signals'
import { T, t } from '../base/i18n'
import { clockText } from '../base/format'
import { wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entitiesOf, entity, textOf, timeOf } from '../state/incident'
import { placeName } from '../state/names'
import { quick } from '../state/quick'
import { writable } from '../state/rights'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'

const said = ['evacuated', 'sheltering', 'located'] as const
type Said = (typeof said)[number]
const kinds: Record<Said, string> = { evacuated: 'occupants.evacuated', sheltering: 'occupants.sheltering', located: 'occupants.located' }

const numberOf = (it: Entity, name: string): number | null => (typeof it.fields[name] === 'number' ? (it.fields[name] as number) : null)
/** Nobody has accounted for them: not out, not sheltering, not found. Blank while nobody said anything. */
const openOf = (it: Entity) => Math.max(0, (numberOf(it, 'count') ?? 0) - said.reduce((sum, name) => sum + (numberOf(it, name) ?? 0), 0))

function enter(it: Entity, name: Said, count: number): void {
  const before = numberOf(it, name)
  const send = (n: number, back?: () => void) => quick({ kind: kinds[name], fields: { occupants: it.id, [name]: n } }, `${nameOf(it)}: ${t(`occupant.${name}`)} ${n}`, back)
  void send(count, before === null ? undefined : () => void send(before))
}

const nameOf = (it: Entity) => wordText(textOf(it, 'occupant'), 'occupant')

/** A figure that is typed over where it stands. */
function Figure(props: { it: Entity; name: Said }) {
  const { it, name } = props
  const typed = useSignal<string | null>(null)
  const now = numberOf(it, name)
  const done = () => {
    const text = typed.value?.trim() ?? ''
    typed.value = null
    if (/^\d{1,6}$/.test(text) && Number(text) !== now) enter(it, name, Number(text))
  }
  return (
    <input
      type="text" inputMode="numeric" dir="ltr" class="figureinput" autocomplete="off" aria-label={`${nameOf(it)}: ${t(`occupant.${name}`)}`}
      placeholder={t('count.none')} {...writable('occupants.located')} value={typed.value ?? now ?? ''} onInput={(event) => { typed.value = event.currentTarget.value }}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          event.preventDefault()
          done()
        } else if (event.key === 'Escape') typed.value = null
      }}
    />
  )
}

function Row(props: { it: Entity }) {
  const { it } = props
  const where = textOf(it, 'place') || (textOf(it, 'zone') ? placeName('zone', textOf(it, 'zone')) : textOf(entity('structure', textOf(it, 'structure')), 'name'))
  const open = openOf(it)
  return (
    <tr>
      <th scope="row">{nameOf(it)}</th>
      <td><bdi>{where}</bdi></td>
      <td class="end figure"><bdi>{numberOf(it, 'count')}</bdi></td>
      {said.map((name) => <td key={name} class="end"><Figure it={it} name={name} /></td>)}
      <td class="end figure"><bdi class={open > 0 ? 'warn' : ''}>{open}</bdi></td>
      <td><bdi>{textOf(it, 'source') && placeName('source', textOf(it, 'source'))} {textOf(it, 'grade')}</bdi> <small><bdi>{clockText(timeOf(it.fields['recorded_at']), false)}</bdi></small></td>
      <td class="acts"><Button writes="occupants.estimated" class="small" onClick={() => write('occupants.estimated', { occupants: it.id, occupant: textOf(it, 'occupant') })}>{t('occupant.again')}</Button></td>
    </tr>
  )
}

export function Occupants() {
  const rows = entitiesOf('occupants')
  const sum = (of: (it: Entity) => number) => rows.reduce((total, it) => total + of(it), 0)
  const titles = ['occupant.who', 'col.where', 'occupant.expected', 'occupant.evacuated', 'occupant.sheltering', 'occupant.located', 'occupant.open', 'occupant.basis'] as const
  return (
    <>
      <div class="bar">
        <span class="dimmed">{t('occupant.hint')}</span>
        <span class="gap" />
        {rows.length > 0 && <b class={sum(openOf) > 0 ? 'warn' : ''}><T k="occupant.open_n" n={sum(openOf)} /></b>}
        <Button writes="occupants.estimated" kind="primary" onClick={() => write('occupants.estimated')}>{t('occupant.new')}</Button>
      </div>
      {rows.length === 0
        ? <Empty>{t('occupant.empty')}</Empty>
        : (
          <div class="tablebox" tabIndex={0} role="region" aria-label={t('people.tab_occupants')}>
            <table id="occupanttable">
              <caption class="hidden">{t('people.tab_occupants')}</caption>
              <thead>
                <tr>
                  {titles.map((key, i) => <th key={key} scope="col" class={i >= 2 && i <= 6 ? 'end' : ''}>{t(key)}</th>)}
                  <th scope="col"><span class="hidden">{t('actions')}</span></th>
                </tr>
              </thead>
              <tbody>
                {rows.map((it) => <Row key={it.id} it={it} />)}
                <tr class="total">
                  <th scope="row" colSpan={2}>{t('occupant.total')}</th>
                  <td class="end figure"><bdi>{sum((it) => numberOf(it, 'count') ?? 0)}</bdi></td>
                  {said.map((name) => <td key={name} class="end figure"><bdi>{sum((it) => numberOf(it, name) ?? 0)}</bdi></td>)}
                  <td class="end figure"><bdi>{sum(openOf)}</bdi></td><td /><td class="acts" />
                </tr>
              </tbody>
            </table>
          </div>
        )}
    </>
  )
}
