// The incident of the mock server: commands checked against the server's own lists (src/data/incident.json),
// applied plausibly, and the views that doc/internals/incident-api.md describes. Not the rules of the core:
// what a rule decides is tested there; here the page only needs something that answers as the server does.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const schema = JSON.parse(readFileSync(fileURLToPath(new URL('../src/data/incident.json', import.meta.url)), 'utf8'))
const ENVELOPE = ['incident', 'observed_at', 'unc_s', 'reported_at', 'role', 'on_behalf_of', 'via', 'source', 'grade', 'class', 'lang',
  'cause', 'supersedes', 'exercise', 'actor_agency', 'actor_unit']
const PAR_S = 1200
const CLEAR = ['complete', 'confirmed', 'held']
const cells = [['A', 'side'], ['B', 'side'], ['C', 'side'], ['D', 'side'], ['core', 'core'], ['stairs', 'stair'], ['lift', 'lift']]

const refusal = (status, field, why) => ({ status, field, detail: field ? `${field}: ${why}` : why })
const iso = (at) => new Date(at).toISOString()

/** record(kind, fields, observed) puts an event into the mock's record and gives it back. */
export function makeIncident(record) {
  const store = new Map() // kind -> id -> entity
  const events = []
  const applied = new Map()
  let dirty = new Set()
  let id = ''

  const all = (kind) => [...(store.get(kind)?.values() ?? [])]
  const get = (kind, key) => store.get(kind)?.get(key)
  const self = () => get('incident', id)
  const text = (it, name) => it?.fields[name]

  function put(kind, key, fields, seq) {
    if (!store.has(kind)) store.set(kind, new Map())
    const known = get(kind, key)
    const it = known ?? { kind, id: key, made: seq, changed: seq, fields: {} }
    it.changed = seq
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) delete it.fields[name]
      else it.fields[name] = value
    }
    store.get(kind).set(key, it)
    dirty.add(it)
    return it
  }

  function checkValue(name, value) {
    const field = schema.fields[name]
    if (field.type === 'WORD' && !schema.words[field.of].includes(value)) return refusal(400, name, `"${value}" is none of ${schema.words[field.of].join(',')}`)
    if (field.type === 'GRADE' && !/^[A-F][1-6]$/.test(value)) return refusal(400, name, 'a grade is A to F for the source and 1 to 6 for what it says, as B2')
    if (field.type === 'INT' && !(Number.isInteger(value) && value >= 0)) return refusal(400, name, `a whole number from 0 to ${field.of}, please`)
    if (field.type === 'TIME' && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value)) return refusal(400, name, 'not a time')
    return null
  }

  function checkFields(kind, fields) {
    const row = schema.kinds[kind]
    const key = row.entity && schema.entities[row.entity].key
    for (const [name, given] of Object.entries(fields)) {
      if (!schema.fields[name] || (name !== key && !ENVELOPE.includes(name) && !row.fields.some((it) => it.name === name))) {
        return refusal(400, name, `not a field of ${kind}`)
      }
      const field = schema.fields[name]
      if (field.many !== (Array.isArray(given) || field.type === 'PAIR')) return refusal(400, name, field.many ? 'a list, please' : 'one value, please')
      for (const value of field.type === 'PAIR' ? [] : field.many ? given : [given]) {
        const wrong = checkValue(name, value)
        if (wrong) return wrong
        const own = name === key && row.mode !== 'CHANGE'
        if (field.type === 'REF' && !own && name !== 'incident' && !get(field.of, value)) return refusal(404, name, `there is no ${field.of} "${value}"`)
      }
    }
    if (key && fields[key] === undefined) return refusal(400, key, 'is needed')
    for (const it of row.fields) if (it.need && fields[it.name] === undefined) return refusal(400, it.name, 'is needed')
    return null
  }

  function checkState(kind, fields, actor) {
    const row = schema.kinds[kind]
    if (row.roles.length > 0 && !row.roles.includes(fields.role)) return refusal(403, 'role', `${kind} needs the role ${row.roles.join(',')}`)
    if (fields.role === 'commander' && !(text(get('command', 'incident'), 'commanders') ?? []).includes(actor)) {
      return refusal(403, 'actor', 'nobody commands yet, or somebody else does; assume command first')
    }
    if (!row.entity) return null
    const key = schema.entities[row.entity].key
    const it = get(row.entity, fields[key])
    if (row.mode === 'MAKE' && it) return refusal(409, key, `there is already ${row.entity} "${it.id}" (event ${it.made})`)
    if (it && row.from.length > 0 && !row.from.includes(it.fields.state)) return refusal(409, key, `${row.entity} "${it.id}" is ${it.fields.state}; this needs ${row.from.join(',')}`)
    return null
  }

  const clearanceOf = (fields) => get('clearance', `${fields.zone}|${fields.kind}`)
  const checks = {
    'unit.entered_zone': (fields) => (text(get('unit', fields.unit), 'zone') === fields.zone ? refusal(409, 'zone', 'the unit is there already') : null),
    'unit.left_zone': (fields) => (text(get('unit', fields.unit), 'zone') === fields.zone ? null : refusal(409, 'zone', 'the unit is not known to be there')),
    'par.acked': (fields) => (text(get('unit', fields.unit), 'inside_at') ? null : refusal(409, 'unit', 'the unit is not inside; it has no PAR clock')),
    'zone.search_started': (fields) => (fields.kind === 'eod' && text(get('unit', fields.unit), 'unit_category') !== 'eod'
      ? refusal(409, 'unit', 'only a bomb disposal unit sets EOD clearance') : null),
    'zone.search_ended': (fields) => (clearanceOf(fields)?.fields.state === 'entered' ? null
      : refusal(409, 'unit', `${fields.unit} did not start this search; record its start, or enter it in person`)),
    'zone.held': (fields) => (['complete', 'confirmed'].includes(clearanceOf(fields)?.fields.state) ? null
      : refusal(409, 'zone', `${fields.kind} of "${fields.zone}" is ${clearanceOf(fields)?.fields.state ?? 'unknown'}; that does not follow`)),
    'count.claimed': (fields) => {
      if ((fields.hi === undefined) === (fields.hi_open === undefined)) return refusal(400, 'hi', 'give hi, or hi_open when there is no upper end')
      if (fields.hi < fields.lo) return refusal(400, 'hi', 'is less than lo')
      return fields.source ? null : refusal(400, 'source', 'is needed: somebody said it')
    },
    'report.received': (fields) => (fields.source || fields.predicate === 'note' ? null : refusal(400, 'source', 'is needed: somebody said it')),
    'structure.defined': (fields) => (fields.storeys < 1 ? refusal(400, 'storeys', '1 at least; the ground floor counts') : null),
  }

  function grid(fields, seq) {
    const level = (name, ordinal, roof) => {
      const key = `${fields.structure}/${name}`
      put('level', key, { structure: fields.structure, ordinal, ...(roof ? { roof: true } : {}) }, seq)
      for (const [cell, zone_kind] of roof ? [['roof', 'roof']] : cells) put('zone', `${key}/${cell}`, { level: key, name: cell, zone_kind, state: 'current' }, seq)
    }
    for (let i = -(fields.basements ?? 0); i < fields.storeys; i++) level(i, i)
    if (fields.roof) level('roof', fields.storeys, true)
  }

  const clearance = (state, more = () => ({})) => (fields, seq, at) => {
    const units = [...new Set([...(clearanceOf(fields)?.fields.units ?? []), ...(fields.unit ? [fields.unit] : [])])]
    put('clearance', `${fields.zone}|${fields.kind}`, { zone: fields.zone, kind: fields.kind, at: iso(at), units, state: typeof state === 'string' ? state : state(fields), ...more(fields) }, seq)
  }

  const applies = {
    'structure.defined': grid,
    'unit.entered_zone': (fields, seq, at) => {
      const it = get('unit', fields.unit)
      put('unit', fields.unit, { missed: 0, ...(it.fields.inside_at ? {} : { inside_at: iso(at), par_at: iso(at) }) }, seq)
    },
    'unit.left_zone': (fields, seq) => put('unit', fields.unit, { zone: undefined, inside_at: undefined, par_at: undefined, par_called_at: undefined, missed: undefined, located: undefined }, seq),
    'par.called': (fields, seq, at) => all('unit').filter((it) => it.fields.inside_at).forEach((it) => put('unit', it.id, { par_called_at: iso(at) }, seq)),
    'par.acked': (fields, seq, at) => put('unit', fields.unit, { par_at: iso(at), missed: 0, located: fields.count, par_called_at: undefined, count: undefined }, seq),
    'par.missed': (fields, seq, at) => put('unit', fields.unit, { missed: (get('unit', fields.unit).fields.missed ?? 0) + 1, par_called_at: iso(at) }, seq),
    'zone.search_started': clearance('entered', (fields) => ({ unit: fields.unit })),
    'zone.search_ended': clearance((fields) => (fields.extent < 100 || fields.excluded ? 'partial' : 'complete'), (fields) => ({ unit: fields.unit, extent: fields.extent, excluded: fields.excluded })),
    'zone.confirmed': clearance('confirmed'),
    'zone.held': clearance('held', (fields) => ({ holder: fields.holder })),
    'zone.hold_released': clearance('complete', () => ({ holder: undefined })),
    'zone.voided': clearance('void', (fields) => ({ void_reason: fields.void_reason })),
    'zone.no_go': clearance('no-go', (fields) => ({ reason: fields.reason })),
    'zone.no_go_lifted': clearance('void'),
    'command.transferred': (fields, seq) => put('command', fields.scope, { commanders: fields.to, to: undefined, from: undefined }, seq),
    'command.vacated': (fields, seq) => put('command', fields.scope, { commanders: undefined }, seq),
    'role.relieved': (fields, seq) => put('position', fields.position, { by: undefined }, seq),
  }

  function apply(kind, fields, event) {
    const row = schema.kinds[kind]
    const { seq, at } = event
    if (row.entity) {
      const key = schema.entities[row.entity].key
      const own = { ...fields }
      const kept = Object.fromEntries(['grade', 'source', ...(row.entity === 'incident' ? ['exercise'] : [])].filter((name) => own[name]).map((name) => [name, own[name]]))
      for (const name of [...ENVELOPE, key]) delete own[name]
      put(row.entity, fields[key], { ...own, ...kept, ...(row.to ? { state: row.to } : {}), recorded_at: iso(at) }, seq)
    }
    applies[kind]?.(fields, seq, at)
  }

  function happen(kind, fields, actor) {
    const event = record(kind, { ...fields, actor, recorded_at: iso(Date.now()), incident: id }, id)
    events.push(event)
    apply(kind, fields, event)
    return event
  }

  /** A command of the page: { seq, events } or a refusal. */
  function command(body, actor) {
    if (applied.has(body.id)) return applied.get(body.id)
    if (body.fields.incident !== undefined) return refusal(400, 'incident', 'the server sets it')
    // What is about the incident itself finds it by the address; an opened one is named beside its fields.
    const about = schema.kinds[body.kind]?.entity === 'incident' ? { incident: id || body.incident } : {}
    const fields = { via: 'web', ...body.fields, ...about }
    if (!schema.kinds[body.kind]) return refusal(400, '', 'there is no such kind of event')
    if (!id && body.kind !== 'incident.opened') return refusal(404, '', 'the incident is not open yet; open it first')
    const wrong = checkFields(body.kind, fields) ?? checkState(body.kind, fields, actor) ?? checks[body.kind]?.(fields) ?? null
    if (wrong) return wrong
    if (body.kind === 'incident.opened') id = fields.incident
    const event = happen(body.kind, fields, actor)
    const answer = { seq: event.seq, events: [event.seq] }
    applied.set(body.id, answer)
    return answer
  }

  /* The views -------------------------------------------------------------- */

  function counter(name) {
    const claims = all('report').filter((it) => it.fields.counter === name).sort((a, b) => Date.parse(a.fields.as_of) - Date.parse(b.fields.as_of) || a.made - b.made)
    const latest = new Map(claims.map((it) => [it.fields.source, it.id]))
    const rows = claims.map((it) => {
      const { source, lo, hi, as_of, grade, categories, state } = it.fields
      const is = state === 'withdrawn' ? 'withdrawn' : ['E5', 'F6'].includes(grade) ? 'excluded' : latest.get(source) !== it.id ? 'superseded' : 'used'
      return { event: it.made, report: it.id, source, source_kind: text(get('source', source), 'source_kind') ?? 'other', lo, hi: hi ?? null, as_of, grade, is, shift: 0, categories: categories ?? {} }
    })
    const used = rows.filter((it) => it.is === 'used')
    const accepted = get('counter', name)
    const dead = all('casualty').filter((it) => it.fields.verified && it.fields.state === 'died').length
    const values = new Set(used.map((it) => `${it.lo}-${it.hi}`)).size
    const open = used.some((it) => it.hi === null)
    return {
      lo: used.length ? Math.min(...used.map((it) => it.lo)) : null, hi: !used.length || open ? null : Math.max(...used.map((it) => it.hi)),
      known: used.length > 0, agreed: values === 1 && used[0].lo === used[0].hi, sources: used.length, values,
      confirmed: name === 'killed' && dead ? dead : null, accepted: text(accepted, 'count') ?? null, accepted_event: accepted?.changed ?? null,
      ...(name === 'attackers' ? { accounted: all('threat').filter((it) => ['self-detonated', 'dead', 'in-custody'].includes(it.fields.outcome)).reduce((sum, it) => sum + (it.fields.count ?? 1), 0) } : {}),
      claims: rows,
    }
  }
  const counters = () => ({ rule: 'cordon-1', counters: Object.fromEntries(schema.words.COUNTER.map((name) => [name, counter(name)])) })

  function findings() {
    const found = []
    for (const name of ['killed', 'injured', 'missing']) {
      const it = counter(name)
      if (!it.known || it.agreed || it.values < 2) continue
      const cited = it.claims.filter((claim) => claim.is === 'used').map((claim) => claim.event)
      const ground = cited.join('-')
      const known = get('finding', `count.${name}:${name}`)
      found.push({
        id: `count.${name}:${name}`, rule: `count.${name}`, subject: name, severity: 'WARN', events: cited, ground,
        resolved: known?.fields.state === 'resolved' && known.fields.number === ground, text: `${name}: ${it.sources} sources say ${it.lo} to ${it.hi ?? 'open'}`,
      })
    }
    return { findings: found }
  }

  const dueOf = (it) => Date.parse(it.fields.par_at) + (it.fields.cadence_s ?? PAR_S) * 1000
  function par(now = Date.now()) {
    const units = all('unit').filter((it) => it.fields.inside_at).map((it) => {
      const { agency, zone, strength, inside_at, missed = 0, par_called_at } = it.fields
      const due = par_called_at ? Date.parse(par_called_at) : dueOf(it)
      return { unit: it.id, agency, zone, level: text(get('zone', zone), 'level') ?? null, strength: strength ?? null, inside_at, due: iso(due), missed, state: missed ? 'missed' : due <= now ? 'due' : 'ok' }
    })
    return { units, maydays: all('mayday').filter((it) => it.fields.state === 'open').map((it) => it.id), evacuations: all('evacuation').filter((it) => it.fields.state === 'open').map((it) => it.id) }
  }

  function alarms(now = Date.now()) {
    const list = []
    const sound = (rule, subject, owner, since, cited, words) => {
      const known = get('alarm', `${rule}:${subject}`)
      list.push({ id: `${rule}:${subject}`, rule, owner, since: iso(since), acked: known?.fields.state === 'acked', escalated: known?.fields.state === 'escalated', events: cited, text: words })
    }
    if (!id) return { alarms: [] }
    for (const it of all('mayday')) if (it.fields.state === 'open') sound('mayday.open', it.id, 'operations', Date.parse(it.fields.recorded_at), [it.made], `Mayday of ${it.fields.unit} ${it.fields.text ?? ''}`.trim())
    const unit = all('unit')[0]
    if (unit && !text(get('command', 'incident'), 'commanders')) sound('command.vacant', 'incident', 'operations', now - 60_000, [unit.made], 'nobody commands; the first supervisor here assumes command')
    for (const it of par(now).units) {
      if (it.missed >= 2) sound('mayday.prompt', it.unit, 'safety', now - 30_000, [get('unit', it.unit).changed], `${it.unit} in ${it.zone} missed PAR ${it.missed} times; declare a Mayday?`)
      else if (it.state === 'due') sound('par.due', it.unit, 'safety', Date.parse(it.due), [get('unit', it.unit).changed], `${it.unit} in ${it.zone}: PAR is due`)
    }
    return { alarms: list.sort((a, b) => Number(a.acked) - Number(b.acked)) }
  }

  function floors() {
    const threats = (zone) => all('threat').filter((it) => it.fields.zone === zone && !['discounted', 'safe'].includes(it.fields.state)).map((it) => it.id)
    const zoneView = (zone) => ({
      id: zone.id, name: zone.fields.name, zone_kind: zone.fields.zone_kind, units: all('unit').filter((it) => it.fields.zone === zone.id).map((it) => it.id),
      clearance: Object.fromEntries(schema.words.CLEARANCE_KIND.map((kind) => [kind, get('clearance', `${zone.id}|${kind}`)]).filter(([, it]) => it)
        .map(([kind, it]) => [kind, { state: it.fields.state, unit: it.fields.unit ?? null, at: it.fields.at, extent: it.fields.extent ?? null }])),
      threats: threats(zone.id), tactical: null, casualties: all('casualty').filter((it) => it.fields.zone === zone.id).length,
    })
    return {
      structures: all('structure').map((it) => ({
        id: it.id, name: it.fields.name, inside_inner_cordon: !!it.fields.inside_inner_cordon,
        levels: all('level').filter((level) => level.fields.structure === it.id).sort((a, b) => b.fields.ordinal - a.fields.ordinal).map((level) => ({
          id: level.id, ordinal: level.fields.ordinal, name: level.fields.name ?? (level.fields.roof ? 'roof' : ''),
          zones: all('zone').filter((zone) => zone.fields.level === level.id && zone.fields.state === 'current').map(zoneView),
        })),
      })),
    }
  }

  function gaps() {
    const known = (name, words, it) => ({ id: name, text: words, known: !!it, age_s: it ? Math.floor((Date.now() - Date.parse(it.fields.recorded_at)) / 1000) : null })
    const point = (kind) => all('point').find((it) => it.fields.point_kind === kind && it.fields.state === 'current')
    const list = [
      known('commander', 'Who commands?', get('command', 'incident')), known('methane.exact_place', 'METHANE E: exact place', all('methane')[0]), known('rvp', 'Rendezvous point', point('rvp')),
      known('ccp', 'Casualty collection point', point('ccp')), known('inner_cordon', 'Inner cordon', all('cordon')[0]), known('occupants', 'How many people are inside?', all('occupants')[0]),
      known('ambulance', 'Ambulance service', undefined), known('eod', 'Bomb disposal clearance', undefined),
    ]
    return { gaps: list.sort((a, b) => Number(a.known) - Number(b.known)) }
  }

  function strip() {
    const it = self()
    const command = get('command', 'incident')
    const zones = all('zone').filter((zone) => zone.fields.state === 'current')
    const clear = (kind) => zones.filter((zone) => CLEAR.includes(get('clearance', `${zone.id}|${kind}`)?.fields.state)).length
    const list = alarms().alarms
    const open = findings().findings.filter((finding) => !finding.resolved)
    const inside = par()
    return {
      id, name: it.fields.name, type: it.fields.type, state: it.fields.state, exercise: !!it.fields.exercise, start: it.fields.start_at ?? it.fields.recorded_at,
      commanders: command?.fields.commanders ?? [], command_state: command?.fields.commanders ? command.fields.state : 'vacant', command_since: command?.fields.recorded_at ?? null,
      command_place: command?.fields.place ?? null, posture: it.fields.posture ?? null, period: null, major: false, threat_levels: [],
      zones: { total: zones.length, threat: clear('threat'), eod: clear('eod') },
      casualties: { killed: counter('killed'), injured: counter('injured'), missing: counter('missing') },
      par: { inside: inside.units.length, due: inside.units.filter((unit) => unit.state === 'due').length, missed: inside.units.filter((unit) => unit.state === 'missed').length },
      findings: { warn: open.length, alarm: 0, info: 0 }, alarms: { open: list.length, unacked: list.filter((alarm) => !alarm.acked).length }, rule: 'cordon-1',
    }
  }

  /** Only whether a line rests on a fact that is live: the guard is the server's. */
  function release() {
    const judge = (facts = []) => {
      const dead = facts.some((fact) => get('fact', fact)?.fields.state !== 'live')
      const rule = dead ? 'not_live' : facts.length === 0 ? 'no_fact' : null
      const said = facts.map((fact) => ({ fact, state: text(get('fact', fact), 'state') ?? 'live', lo: get('fact', fact)?.fields.lo ?? null, stale: false, now: null, now_lo: null }))
      return { light: rule ? 'red' : 'green', rule, why: rule, fatality: false, facts: said }
    }
    return {
      lines: all('line').filter((line) => line.fields.state !== 'dropped').map((line) => ({ line: line.id, statement: line.fields.statement, outdated: false, ...judge(line.fields.facts) })),
      alerts: all('alert').map((alert) => ({ alert: alert.id, ...judge(alert.fields.facts) })), families_know: true,
    }
  }

  const views = { strip, counters, findings, alarms, par, floors, gaps, release }
  const sent = new Map()
  let told = false

  /** What the page gets: everything, or what changed since the last call; null when nothing did. */
  function message(joined, seq) {
    if (!id) return null
    // The first message of an incident is whole for those who were there before it, too.
    const whole = joined || !told
    told ||= !joined
    const changed = {}
    for (const [name, make] of Object.entries(views)) {
      const it = make()
      const as_text = JSON.stringify(it)
      if (whole || sent.get(name) !== as_text) changed[name] = it
      if (!joined) sent.set(name, as_text)
    }
    const entities = whole ? [...store.values()].flatMap((list) => [...list.values()]) : [...dirty]
    if (!joined) dirty = new Set()
    if (!whole && entities.length === 0 && Object.keys(changed).length === 0) return null
    return { type: 'incident', id, seq, whole, entities, views: changed }
  }

  return { command, happen, message, get, all, events, view: (name) => views[name]?.(), id: () => id, self }
}
