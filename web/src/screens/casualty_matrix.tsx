// Who says how many: a row a source, a column a counter. Below it what is confirmed by persons, what was accepted and
// what is reported stand as rows of their own, so that nobody takes one for another.
import { ageText } from '../base/format'
import { joined, T, t, tMaybe } from '../base/i18n'
import { counterText, differs, rangeText, timeText, wordText } from '../base/values'
import type { Claim, Counter } from '../net/incident'
import { acceptedFact, allClaims, figureOf, namesHeld, sourceName, sourceRows } from '../state/casualties'
import type { SourceRow } from '../state/casualties'
import { counters, entitiesOf, entity, shown_now, strip, textOf, timeOf } from '../state/incident'
import { openEvent, write } from '../state/view'
import { Button, Empty } from '../ui/parts'

const counterOf = (name: string): Counter | undefined => counters.value?.counters[name]
const nobody = () => <span class="dimmed">{t('count.nobody')}</span>

/** The figure of a source; marked when others say another one. */
function Cell(props: { name: string; claims: readonly Claim[] }) {
  const claim = figureOf(props.claims)
  if (!claim) return <td data-counter={props.name} class="dimmed">·</td>
  const split = joined(props.claims.flatMap((it) => Object.entries(it.categories)).map(([word, n]) => `${wordText(word, 'category')} ${n}`), t('comma'))
  const other = claim.lo !== null && differs(counterOf(props.name))
  return (
    <td data-counter={props.name} class={other ? 'differs' : ''}>
      <button type="button" class="count-cell" onClick={() => openEvent(claim.event)}>
        <b class="figure">{claim.lo === null ? '·' : <bdi>{rangeText(claim.lo, claim.hi)}</bdi>}{other && <i class="dot" role="img" aria-label={t('count.conflict')} />}</b>
        <small><bdi>{timeText(timeOf(claim.as_of), shown_now.value)}</bdi> <bdi title={tMaybe('grade.' + claim.grade.slice(0, 1), '')}>{claim.grade}</bdi></small>
        {claim.shift !== 0 && <small><T k="count.shift" p={{ n: claim.shift }} /></small>}
        {split && <small><bdi>{split}</bdi></small>}
      </button>
    </td>
  )
}

function Basis(props: { row: SourceRow }) {
  const casualties = entitiesOf('casualty')
  const held = [...props.row.by].flatMap(([name, claims]) => {
    const n = namesHeld(props.row.source, name, casualties)
    const of = figureOf(claims)?.lo
    return !n || of === null || of === undefined ? [] : [{ name, n, of }]
  })
  if (held.length === 0) return <>{t('count.only')}</>
  return <>{held.map(({ name, n, of }) => <span key={name} class="names-held"><T k="count.names_held" p={{ what: wordText(name, 'counter'), n, of }} /></span>)}</>
}

function SourceLine(props: { row: SourceRow; names: readonly string[] }) {
  const { row } = props
  const all = [...row.by.values()].flat()
  const via = textOf(entity('report', all[0]?.report ?? ''), 'via')
  const ask = () => write('task.created', {
    text: t('count.ask_text', { who: sourceName(row.source), what: [...row.by].map(([name, claims]) => `${rangeText(figureOf(claims)!.lo, figureOf(claims)!.hi)} ${wordText(name, 'counter')}`).join(t('comma')) }),
    owner: 'casualty-officer', due_at: '+15', priority: 'urgent',
  })
  return (
    <tr data-source={row.source}>
      <th scope="row"><bdi>{sourceName(row.source)}</bdi><small>{wordText(row.source_kind, 'source_kind')}{via && `${t('comma')}${wordText(via, 'via')}`}</small></th>
      {props.names.map((name) => <Cell key={name} name={name} claims={row.by.get(name) ?? []} />)}
      <td class="basis"><Basis row={row} /></td>
      <td class="acts no-print"><Button writes="task.created" class="small" onClick={ask}>{t('count.ask_names')}</Button></td>
    </tr>
  )
}

function AcceptedCell(props: { name: string }) {
  const it = counterOf(props.name)
  if (it?.accepted === null || it?.accepted === undefined) return <td data-counter={props.name}>{nobody()}</td>
  const record = entity('counter', props.name)
  const fact = acceptedFact(props.name)
  const review = Number(textOf(fact, 'lo')) === it.accepted ? timeOf(fact?.fields['review_at']) : NaN
  const over = review < shown_now.value
  return (
    <td data-counter={props.name}>
      <button type="button" class="count-cell" onClick={() => openEvent(it.accepted_event!)}>
        <b class="figure"><bdi>{it.accepted}</bdi></b>
        <small><bdi>{textOf(record, 'actor')}</bdi> <bdi>{timeText(timeOf(record?.fields['recorded_at']), shown_now.value)}</bdi></small>
        {textOf(record, 'basis') !== '' && <small><T k="count.basis_is" p={{ what: textOf(record, 'basis') }} /></small>}
        {textOf(record, 'state') === 'disputed' && <small class="warn">! {wordText('disputed')}</small>}
        {Number.isNaN(review)
          ? <small>{t('fact.no_review')}</small>
          : <small class={over ? 'warn' : ''}>{over && '! '}<T k={over ? 'fact.review_over' : 'fact.review'} p={{ time: timeText(review, shown_now.value) }} /></small>}
      </button>
    </td>
  )
}

function Sums(props: { names: readonly string[] }) {
  const { names } = props
  const rest = <><td class="basis" /><td class="no-print" /></>
  return (
    <tbody class="sums">
      <tr class="confirmed" data-row="confirmed">
        <th scope="row">{t('count.confirmed')}<small>{t('count.confirmed_hint')}</small></th>
        {names.map((name) => <td key={name} data-counter={name}>{counterOf(name)?.confirmed ? <b class="figure"><bdi>{counterOf(name)!.confirmed}</bdi></b> : nobody()}</td>)}
        {rest}
      </tr>
      <tr class="accepted" data-row="accepted">
        <th scope="row">{t('count.accepted_figure')}<small>{t('count.accepted_hint')}</small></th>
        {names.map((name) => <AcceptedCell key={name} name={name} />)}
        {rest}
      </tr>
      <tr class="range" data-row="range">
        <th scope="row">{t('count.range_row')}<small><T k="strip.rule" p={{ rule: strip.value?.rule ?? '' }} /></small></th>
        {names.map((name) => {
          const it = counterOf(name)
          return (
            <td key={name} data-counter={name} class={differs(it) ? 'differs' : ''}>
              <b class="figure"><bdi>{counterText(it)}</bdi></b>
              {it?.known && <small>{joined([t('count.sources_n', { n: it.sources }), t('count.values_n', { n: it.values })], t('comma'))}</small>}
              {it?.accounted !== undefined && <small><T k="count.accounted" p={{ n: it.accounted }} /></small>}
            </td>
          )
        })}
        {rest}
      </tr>
    </tbody>
  )
}

export function Matrix(props: { names: readonly string[] }) {
  const rows = sourceRows(counters.value?.counters, props.names)
  // Who may not know the sources is not told that there are none.
  const hidden = props.names.some((name) => counterOf(name)?.known)
  return (
    <div class="count-matrix" tabIndex={0} role="region" aria-label={t('count.title')}>
      <table id="counters">
        <caption class="hidden">{t('count.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('count.source')}</th>
            {props.names.map((name) => <th key={name} scope="col" data-counter={name}>{wordText(name, 'counter')}</th>)}
            <th scope="col">{t('count.basis')}</th>
            <th scope="col" class="no-print"><span class="hidden">{t('actions')}</span></th>
          </tr>
        </thead>
        <tbody class="by-source">
          {rows.map((row) => <SourceLine key={row.source} row={row} names={props.names} />)}
          {rows.length === 0 && <tr><td colSpan={props.names.length + 3}><Empty>{t(hidden ? 'count.hidden_sources' : 'count.no_claims')}</Empty></td></tr>}
        </tbody>
        <Sums names={props.names} />
      </table>
    </div>
  )
}

/** Claims that do not count stay, and each says by which step of the rule it counts or not. */
export function Claims(props: { names: readonly string[] }) {
  const rows = allClaims(props.names)
  const old = rows.filter(({ claim }) => claim.is !== 'used').length
  const withdrawn = (report: string) => textOf(entity('report', report), 'state') === 'withdrawn'
  const take = (report: string) => write('report.withdrawn', { report })
  return (
    <details class="claims card">
      <summary><span><T k="count.all_claims" p={{ n: rows.length, old }} /></span></summary>
      <p class="hint">{t('count.rule')}</p>
      <table id="claimtable">
        <caption class="hidden">{t('count.all_claims', { n: rows.length, old })}</caption>
        <thead>
          <tr>
            <th scope="col">{t('count.title')}</th><th scope="col">{t('count.source')}</th><th scope="col">{t('count.says')}</th><th scope="col">{t('count.as_of')}</th>
            <th scope="col">{t('count.grade')}</th><th scope="col">{t('count.why')}</th><th scope="col">{t('count.entry')}</th><th scope="col" class="no-print"><span class="hidden">{t('actions')}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ counter, claim }) => (
            <tr key={counter + claim.event} data-is={claim.is} class={claim.is === 'used' ? '' : 'out'}>
              <th scope="row">{wordText(counter, 'counter')}</th>
              <td><bdi>{sourceName(claim.source)}</bdi></td>
              <td class="figure">{claim.lo !== null && <bdi>{rangeText(claim.lo, claim.hi)}</bdi>}</td>
              <td><bdi>{timeText(timeOf(claim.as_of), shown_now.value)}</bdi> <small><bdi>({ageText(shown_now.value - timeOf(claim.as_of))})</bdi></small></td>
              <td><bdi>{claim.grade}</bdi></td>
              <td class="wraps">{t(`rule1.${claim.is}`)}</td>
              <td><button type="button" class="link" onClick={() => openEvent(claim.event)}><bdi>#{claim.event}</bdi></button></td>
              <td class="acts no-print">
                {!withdrawn(claim.report) && <Button writes="report.withdrawn" class="small" onClick={() => take(claim.report)}>{t('count.withdraw')}</Button>}
                {claim.is === 'used' && ['attackers', 'devices'].includes(counter) && <Button writes="count.discounted" class="small" onClick={() => write('count.discounted', { report: claim.report })}>{t('count.discount')}</Button>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
