// Casualties (5): what each source says, side by side with what is confirmed and what was accepted; and the
// persons by tag. A count that nobody reported is blank in words, never 0.
import { useSignal } from '@preact/signals'
import { ageText, clockText } from '../base/format'
import { joined, T, t, tMaybe } from '../base/i18n'
import { counterText, differs, rangeText, timeText, wordText } from '../base/values'
import { entityName, levelName, placeName } from '../state/names'
import { wordsOf } from '../entry/schema'
import type { Claim, Counter, Entity } from '../net/incident'
import { counters, entitiesOf, entity, strip, textOf, timeOf, shown_now } from '../state/incident'
import { screen, shown_event, write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Identity, maySeal } from './identity'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

export function openEvent(seq: number): void {
  shown_event.value = seq
  screen.value = 'log'
}

const figure = (n: number | null | undefined) => (n === null || n === undefined ? <span class="dimmed">{t('count.nobody')}</span> : <b><bdi>{n}</bdi></b>)

function CounterRow(props: { name: string; counter: Counter | undefined; open: boolean; onOpen: () => void }) {
  const { name, counter, open } = props
  const claims = counter?.claims.length ?? 0
  return (
    <tr aria-selected={open ? 'true' : undefined} class={differs(counter) ? 'warn' : ''}>
      <th scope="row">
        <button type="button" aria-expanded={open} onClick={props.onOpen}>
          {wordText(name, 'counter')}
          {differs(counter) && <i class="dot" role="img" aria-label={t('count.conflict')} />}
        </button>
      </th>
      <td class={counter?.known ? 'figure' : 'dimmed'}><bdi>{counterText(counter)}</bdi></td>
      <td class="end">{claims > 0 ? <bdi>{counter!.sources}</bdi> : ''}</td>
      <td class="end">{counter?.known ? <bdi>{counter.values}</bdi> : ''}</td>
      <td>{figure(counter?.confirmed || null)}</td>
      <td>
        {figure(counter?.accepted)}
        {name === 'attackers' && counter?.accounted !== undefined && <small> <T k="count.accounted" p={{ n: counter.accounted }} /></small>}
      </td>
      <td>
        <Button class="small" onClick={() => write('count.claimed', { counter: name })}>{t('count.claim')}</Button>
        {claims > 0 && <Button class="small" onClick={() => write('count.accepted', { counter: name })}>{t('count.accept')}</Button>}
      </td>
    </tr>
  )
}

function ClaimRow(props: { claim: Claim }) {
  const { claim } = props
  const split = Object.entries(claim.categories).map(([word, n]) => `${wordText(word, 'category')} ${n}`).join(', ')
  const name = textOf(entity('source', claim.source), 'name') || claim.source
  return (
    <tr class={claim.is === 'used' ? '' : 'out'}>
      <th scope="row"><bdi>{name}</bdi> <small>{wordText(claim.source_kind, 'source_kind')}</small></th>
      <td class="figure">{claim.lo !== null && <bdi>{rangeText(claim.lo, claim.hi)}</bdi>}{split && <small><bdi>{split}</bdi></small>}</td>
      <td><bdi>{timeText(timeOf(claim.as_of), shown_now.value)}</bdi> <small><bdi>({ageText(shown_now.value - timeOf(claim.as_of))})</bdi></small></td>
      <td><bdi title={tMaybe('grade.' + claim.grade.slice(0, 1), '')}>{claim.grade}</bdi></td>
      <td>{wordText(claim.is)}{claim.shift !== 0 && <small> <T k="count.shift" p={{ n: claim.shift }} /></small>}</td>
      <td><button type="button" class="link" onClick={() => openEvent(claim.event)}><bdi>#{claim.event}</bdi></button></td>
    </tr>
  )
}

function Sources(props: { name: string; counter: Counter | undefined }) {
  const claims = [...(props.counter?.claims ?? [])].sort((a, b) => Number(b.is === 'used') - Number(a.is === 'used') || timeOf(b.as_of) - timeOf(a.as_of))
  const title = t('count.sources_of', { what: wordText(props.name, 'counter') })
  return (
    <section class="card sources" aria-labelledby="sources-title">
      <div class="sechead"><h2 id="sources-title">{title}</h2><span class="rule"><T k="strip.rule" p={{ rule: strip.value?.rule ?? '' }} /></span></div>
      {claims.length === 0
        ? <Empty>{t('count.no_claims')}</Empty>
        : (
          <table id="sourcetable">
            <caption class="hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{t('count.source')}</th><th scope="col">{t('count.says')}</th><th scope="col">{t('count.as_of')}</th>
                <th scope="col">{t('count.grade')}</th><th scope="col">{t('count.how')}</th><th scope="col">{t('count.entry')}</th>
              </tr>
            </thead>
            <tbody>{claims.map((claim) => <ClaimRow key={claim.event} claim={claim} />)}</tbody>
          </table>
        )}
    </section>
  )
}

function Matrix(props: { chosen: string; onChoose: (name: string) => void }) {
  return (
    <table id="counters">
      <caption class="hidden">{t('count.title')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('count.title')}</th><th scope="col">{t('count.reported')}</th><th scope="col" class="end">{t('count.sources')}</th>
          <th scope="col" class="end">{t('count.values')}</th><th scope="col">{t('count.confirmed')}</th><th scope="col">{t('count.accepted')}</th>
          <th scope="col"><span class="hidden">{t('actions')}</span></th>
        </tr>
      </thead>
      <tbody>
        {wordsOf('counter').map((name) => (
          <CounterRow key={name} name={name} counter={counters.value?.counters[name]} open={props.chosen === name} onOpen={() => props.onChoose(name)} />
        ))}
      </tbody>
    </table>
  )
}

/** Where a casualty is: zone, point, or the place as it was said. */
function placeOf(it: Entity): string {
  const zone = entity('zone', textOf(it, 'zone'))
  if (zone) return joined([levelName(textOf(zone, 'level')), entityName(zone)], t('comma'))
  const point = entity('point', textOf(it, 'point'))
  return point ? placeName('point', point.id) : textOf(it, 'place') || textOf(it, 'as_spoken')
}

function columns(at: number): Column<Entity>[] {
  const changed = (it: Entity) => timeOf(it.fields['recorded_at'])
  const word = (it: Entity, name: string) => wordText(textOf(it, name), name)
  return [
    { id: 'tag', title: t('col.tag'), by: (it) => it.id, cell: (it) => <bdi>{it.id}</bdi> },
    {
      id: 'triage', title: t('col.triage'), by: (it) => wordsOf('triage').indexOf(textOf(it, 'triage')),
      cell: (it) => <span class={'triage ' + textOf(it, 'triage')}>{word(it, 'triage') || t('count.no_triage')}</span>,
    },
    { id: 'state', title: t('col.state'), by: (it) => textOf(it, 'state'), cell: (it) => wordText(textOf(it, 'state'), 'casualty_status') },
    { id: 'category', title: t('col.category'), by: (it) => textOf(it, 'category'), cell: (it) => word(it, 'category') },
    { id: 'where', title: t('col.where'), by: placeOf, cell: (it) => <bdi>{placeOf(it) || <span class="dimmed">{t('count.no_place')}</span>}</bdi> },
    { id: 'to', title: t('col.transport'), cell: (it) => <bdi>{[textOf(it, 'vehicle'), textOf(it, 'destination')].filter(Boolean).join(' → ')}</bdi> },
    { id: 'verified', title: t('col.verified'), by: (it) => textOf(it, 'verified'), cell: (it) => (textOf(it, 'verified') ? t('yes') : '') },
    { id: 'changed', title: t('col.changed'), by: (it) => -changed(it), end: true, cell: (it) => <bdi>{clockText(changed(it), false)} ({ageText(at - changed(it))})</bdi> },
  ]
}

/** What happens to a casualty, one after the other. */
const steps = ['triage_set', 'moved', 'transported', 'status_set', 'verified'] as const

export default function CasualtyScreen() {
  const chosen = useSignal('killed')
  const tag = useSignal('')
  const chosen_one = tag.value ? entity('casualty', tag.value) : undefined
  const rows = entitiesOf('casualty').filter((it) => textOf(it, 'state') !== 'merged')
  return (
    <section class="screen scrolls" aria-labelledby="casualties-title">
      <div class="bar">
        <h1 id="casualties-title">{t('nav.casualties')}</h1>
        <span class="gap" />
        <Button onClick={() => write('casualty.reported')}>{t('count.new')}</Button>
        <Button onClick={() => write('count.claimed', { counter: chosen.value })}>{t('count.claim')}</Button>
      </div>
      <div class="twocards">
        <section class="card"><Matrix chosen={chosen.value} onChoose={(name) => { chosen.value = name }} /></section>
        <Sources name={chosen.value} counter={counters.value?.counters[chosen.value]} />
      </div>
      <div class="bar">
        <h2>{t('count.persons')}</h2>
        <span class="dimmed"><T k="count.persons_n" n={rows.length} /></span>
        <span class="gap" />
        {tag.value && <span><bdi>{tag.value}</bdi></span>}
        {tag.value && steps.map((step) => (
          <Button key={step} class="small" onClick={() => write('casualty.' + step, { casualty: tag.value })}>{t(`count.${step}`)}</Button>
        ))}
      </div>
      {chosen_one && maySeal() && <section class="card sealcard"><Identity key={tag.value} tag={tag.value} sealed={textOf(chosen_one, 'sealed') !== ''} /></section>}
      {rows.length === 0
        ? <Empty>{t('count.no_persons')}</Empty>
        : (
          <Table
            id="casualtytable" caption={t('count.persons')} columns={columns(shown_now.value)} rows={rows} sort="tag" keyOf={(it) => it.id}
            chosen={(it) => it.id === tag.value} onRow={(it) => { tag.value = it.id }}
          />
        )}
    </section>
  )
}
