// A server for working on the page and for its tests: speaks doc/internals/web-protocol.md and incident-api.md
// over plain http on 127.0.0.1, keeps all in memory, and moves a crowd of invented units about an invented place.
//
//   node tools/mock.mjs [--port 8444] [--units 200] [--logged-in] [--incident] [--mbtiles FILE]...   (needs sqlite3 for maps)
import { createServer } from 'node:http'
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { WebSocketServer } from 'ws'
import { exercise } from './mock_exercise.mjs'
import { makeIncident } from './mock_incident.mjs'
import { makeWelcome } from './mock_welcome.mjs'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const CSP = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; worker-src 'self'; font-src 'self'; " +
  "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
}
const SHOWN = 200
const agencies = ['SPU', 'RGR', 'QRF', 'ARMY', 'AMB', 'FIRE', 'TRAF', 'BDS']
const teams = ['Cyan', 'Green', 'Blue', 'Orange', 'White', 'Yellow', 'Teal', 'Maroon']
const roles = ['Team Member', 'Team Lead', 'Medic', 'HQ', 'RTO']
const CENTRE = { lat: 10, lon: 20 }

/** A small repeatable source of chance. */
function chance(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

function makeUnits(count, now, lat0, lon0, next) {
  const units = []
  const sites = Array.from({ length: Math.max(6, count / 40) }, () => [(next() - 0.5) * 0.016, (next() - 0.5) * 0.022])
  for (let i = 0; i < count; i++) {
    const agency = agencies[i % agencies.length]
    const site = sites[Math.floor(next() * sites.length)]
    const online = i % 13 !== 5
    const silent = i % 17 === 3
    const fix = i % 29 !== 11
    const seen = silent ? now - (90 + Math.floor(next() * 400)) * 1000 : now - Math.floor(next() * 5000)
    units.push({
      n: i + 1, uid: `ANDROID-${(0x10000000 + i * 7919).toString(16)}`, callsign: `${agency}-${Math.floor(i / agencies.length) + 1}`,
      type: i % 41 === 7 ? 'a-u-G' : i % 53 === 9 ? 'a-n-G-U-C' : 'a-f-G-U-C', how: 'm-g', presence: true, online: online && !silent,
      agency, team: teams[i % teams.length], role: roles[i % roles.length], battery: i % 31 === 4 ? null : 8 + Math.floor(next() * 92),
      device: ['Galaxy S9, ATAK 5.3', 'Pixel 6, ATAK 5.4', 'iPhone 13, iTAK 2.9'][i % 3], user: `user${i + 1}`,
      lat: fix ? lat0 + site[0] + (next() - 0.5) * 0.004 : null, lon: fix ? lon0 + site[1] + (next() - 0.5) * 0.005 : null,
      hae: 12, ce: 3 + Math.floor(next() * 20), speed: next() * 2, course: next() * 360, floor: i % 8 < 3 ? i % 5 : null,
      time: seen, seen, stale: seen + 75_000, remarks: '', groups: [agency, 'All'], moving: !silent && next() < 0.6,
    })
  }
  return units
}

const objects = [
  ['a-h-G', 'Suspect'], ['b-m-p-s-m', 'Gate 2'], ['u-d-c-c', 'Inner cordon'], ['b-r-f-h-c', 'CCP'], ['b-m-r', 'Route West'],
  ['a-f-G-I', 'ICP'], ['b-m-p-w', 'Stair W'],
]

function readMap(path) {
  const query = (sql) => execFileSync('sqlite3', ['-separator', '\t', path, sql], { maxBuffer: 1 << 26 }).toString()
  const meta = Object.fromEntries(query('select name, value from metadata').split('\n').map((line) => line.split('\t')))
  const zooms = query('select min(zoom_level), max(zoom_level) from tiles').trim().split('\t').map(Number)
  const z = zooms[1]
  const [x0, x1, r0, r1] = query(`select min(tile_column), max(tile_column), min(tile_row), max(tile_row) from tiles where zoom_level = ${z}`)
    .trim().split('\t').map(Number)
  const lon = (x) => (x / 2 ** z) * 360 - 180
  const lat = (y) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI
  const bounds = [lon(x0), lat(2 ** z - r0), lon(x1 + 1), lat(2 ** z - 1 - r1)]
  const name = path.split('/').pop().replace(/\.mbtiles$/, '')
  return {
    info: { name, format: meta.format, minzoom: zooms[0], maxzoom: zooms[1], bounds, attribution: meta.attribution ?? '' },
    tile(zoom, x, y) {
      const row = 2 ** zoom - 1 - y
      const hex = query(`select hex(tile_data) from tiles where zoom_level = ${zoom | 0} and tile_column = ${x | 0} and tile_row = ${row}`).trim()
      return hex ? Buffer.from(hex, 'hex') : null
    },
  }
}

export async function startMock(options = {}) {
  const next = chance(options.seed ?? 7)
  const maps = (options.mbtiles ?? []).map(readMap)
  const centre = maps[0] ? { lat: (maps[0].info.bounds[1] + maps[0].info.bounds[3]) / 2, lon: (maps[0].info.bounds[0] + maps[0].info.bounds[2]) / 2 } : CENTRE
  const state = {
    needs_setup: !options.accounts, accounts: new Map(Object.entries(options.accounts ?? {})), sessions: new Map(),
    units: makeUnits(options.units ?? 200, Date.now(), centre.lat, centre.lon, next), emergencies: [], alarms: [], events: [],
    seq: 0, applied: new Map(), hellos: [], commands: [], chat_posts: 0, csrf: randomUUID(), code: 'KITE-4821', refuse: null, missing: null, upgraded: false,
  }
  objects.forEach(([type, callsign], i) => {
    const now = Date.now()
    state.units.push({
      n: 100_000 + i, uid: `object-${i}`, callsign, type, how: 'h-g-i-g-o', presence: false, online: false, agency: '', team: '', role: '',
      battery: null, device: '', user: '', lat: centre.lat + (next() - 0.5) * 0.008, lon: centre.lon + (next() - 0.5) * 0.01, hae: null, ce: null,
      speed: null, course: null, floor: null, time: now, seen: now, stale: now + 86_400_000, remarks: 'Reported by radio', groups: ['All'], moving: false,
    })
  })
  const server_info = () => ({ name: options.name ?? 'Harbour House CP', version: '0.1.0-mock', now: Date.now() })
  const sockets = new Set()
  const heard = new Set()

  function send(message) {
    const text = JSON.stringify(message)
    for (const socket of sockets) if (socket.ready) socket.send(text)
  }

  /** Puts an event on the record and tells it, unless `silently`, which makes a gap. */
  function record(kind, data, silently = false, at = Date.now()) {
    const prev = state.seq
    state.seq = prev + 1 + Math.floor(next() * 3)
    const event = { seq: state.seq, prev, kind, at, observed: null, data }
    state.events.push(event)
    if (!silently) send({ type: 'event', event })
    return event
  }

  /** An event of an incident has its fields in the place of data. */
  function recordOfIncident(kind, fields, incident) {
    const prev = state.seq
    const event = { seq: ++state.seq, prev, kind, at: Date.now(), observed: fields.observed_at ? Date.parse(fields.observed_at) : null, incident, fields }
    state.events.push(event)
    send({ type: 'event', event })
    return event
  }
  const incident = makeIncident(recordOfIncident)
  const welcome = makeWelcome(state.units, options.held ?? 0)
  state.welcome = welcome.state
  function tellIncident() {
    const message = incident.message(false, state.seq)
    if (message) send(message)
  }
  function person(i) {
    return state.units.filter((unit) => unit.presence && unit.lat !== null)[i]
  }

  function clients() {
    return state.units.filter((unit) => unit.presence && unit.online).map((unit, i) => ({
      id: unit.n, user: unit.user, agency: unit.agency, uid: unit.uid, callsign: unit.callsign, address: `192.168.8.${(i % 240) + 10}`,
      form: i % 3 === 0 ? 'xml' : 'v1', tls: i % 19 === 4 ? '' : 'TLSv1.3', since: started - i * 1000, lag_ms: i % 23 === 7 ? 2600 : Math.floor(next() * 180),
      sent_bytes: 100_000 + i * 40_321, conflated: i % 23 === 7 ? 412 : 0, state: i % 37 === 9 ? 'joining' : 'live', admitted: !welcome.isHeld(unit.uid),
    }))
  }
  const started = Date.now()

  function raise(unit, type = '911 Alert', text = '') {
    const uid = `${unit.uid}-9-1-1`
    const data = { uid, unit_uid: unit.uid, from: unit.callsign, type, text, lat: unit.lat, lon: unit.lon, relayed_first: false }
    state.emergencies = [...state.emergencies.filter((it) => it.uid !== uid), {
      uid, unit_uid: unit.uid, from: unit.callsign, type, text, lat: unit.lat, lon: unit.lon, raised: Date.now(), acknowledged_by: null, acknowledged: null,
    }]
    record('emergency.raised', data)
    return uid
  }

  function chat(from, text, more = {}) {
    return record('chat.said', {
      message_id: randomUUID(), uid: '', from_uid: from?.uid ?? '', from: from?.callsign ?? '', room_id: 'All', room: 'All', text, to: [], direct: false,
      operator: null, ...more,
    })
  }

  function setAlarms(alarms) {
    state.alarms = alarms
    send({ type: 'alarms', alarms })
  }

  function history() {
    const lines = [
      'Room 209 clear. Two civilians out, walking', 'West corridor floor 2 held. Moving to 210', 'زخمی اہلکار ہسپتال A روانہ، حالت مستحکم',
      'Gate 2 closed, diversion by Park Road', 'Asking for a second stretcher', 'Stair W is dark', 'ایمبولینس مشرقی دروازے پر پہنچ گئی',
    ]
    const now = Date.now()
    for (let i = 0; i < (options.history ?? 40); i++) {
      const unit = person(i * 5 % 60) ?? person(0)
      if (!unit) return
      const at = now - ((options.history ?? 40) - i) * 21_000
      if (i % 9 === 4) record('client.connected', { user: unit.user, uid: unit.uid, callsign: unit.callsign, address: '192.168.8.31', reason: '' }, true, at)
      else if (i % 9 === 7) record('object.put', { uid: 'object-1', type: 'b-m-p-s-m', from: unit.callsign, callsign: 'Gate 2', lat: 10, lon: 20 }, true, at)
      else if (i === 20) record('uid.conflict', { uid: unit.uid, callsign: unit.callsign, holder: 'user3', claimant: 'user9' }, true, at)
      else if (i === 30) record('event.refused', { user: 'user44', address: '192.168.8.61', reason: 'the certificate was revoked' }, true, at)
      else {
        record('chat.said', { message_id: randomUUID(), uid: '', from_uid: unit.uid, from: unit.callsign, room_id: 'All', room: 'All', text: lines[i % lines.length], to: [], direct: false, operator: null }, true, at)
      }
    }
  }
  history()
  for (const [kind, { incident: opened, ...fields }] of options.incident ?? []) {
    const answer = incident.command({ id: randomUUID(), kind, fields, ...(opened ? { incident: opened } : {}) }, 'Duty officer')
    if (answer.status) throw new Error(`${kind}: ${answer.detail}`)
  }

  // Positions once a second.
  function move() {
    const now = Date.now()
    const moved = state.units.filter((unit) => unit.moving && unit.lat !== null)
    for (const unit of moved) {
      unit.course = (unit.course + (next() - 0.5) * 40 + 360) % 360
      const step = (unit.speed / 111_320) * 1
      unit.lat += Math.cos((unit.course * Math.PI) / 180) * step
      unit.lon += Math.sin((unit.course * Math.PI) / 180) * step
      unit.seen = unit.time = now
      unit.stale = now + 75_000
    }
    const frame = Buffer.alloc(16 + 20 * moved.length)
    frame.writeUInt8(1, 0)
    frame.writeUInt8(1, 1)
    frame.writeUInt16LE(20, 2)
    frame.writeUInt32LE(moved.length, 4)
    frame.writeBigInt64LE(BigInt(now), 8)
    moved.forEach((unit, i) => {
      const at = 16 + 20 * i
      frame.writeUInt32LE(unit.n, at)
      frame.writeInt32LE(Math.round(unit.lat * 1e7), at + 4)
      frame.writeInt32LE(Math.round(unit.lon * 1e7), at + 8)
      frame.writeUInt16LE(Math.round(unit.course * 100) % 36000, at + 12)
      frame.writeUInt16LE(Math.round(unit.speed * 100), at + 14)
      frame.writeUInt8(unit.ce, at + 16)
      frame.writeInt8(unit.floor ?? -128, at + 17)
      frame.writeUInt16LE(0, at + 18)
    })
    for (const socket of sockets) if (socket.ready) socket.send(frame)
  }
  const timers = [
    setInterval(move, 1000),
    setInterval(() => send({ type: 'clients', clients: clients() }), 2000),
    setInterval(() => send({ type: 'tick', now: Date.now() }), 5000),
    setInterval(tellIncident, 1000),
  ]

  const plain = ({ moving, ...unit }) => unit
  function snapshot(after) {
    const since = after === null ? null : state.events.filter((event) => event.seq > after)
    const events = since && since.length <= 5000 && after <= state.seq ? since : state.events.slice(-SHOWN)
    return {
      type: 'snapshot', now: Date.now(), seq: state.seq, server: server_info(), units: state.units.map(plain), emergencies: state.emergencies,
      events, clients: clients(), alarms: state.alarms,
    }
  }

  const operatorOf = (request) => state.sessions.get(/cordon=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '') ?? null
  const session = (operator) => ({ needs_setup: state.needs_setup, server: server_info(), operator, csrf: state.csrf })

  function answer(response, status, body, headers = {}) {
    const problem = status >= 400
    const payload = problem ? { type: 'about:blank', title: 'Refused', status, ...(typeof body === 'string' ? { detail: body } : body) } : body
    response.writeHead(status, { 'Content-Type': problem ? 'application/problem+json' : 'application/json', 'Cache-Control': 'no-store', ...headers })
    response.end(JSON.stringify(payload))
  }

  function logIn(response, name) {
    const id = randomUUID()
    const operator = { name, role: state.accounts.get(name).role ?? 'admin' }
    state.sessions.set(id, operator)
    answer(response, 200, session(operator), { 'Set-Cookie': `cordon=${id}; HttpOnly; SameSite=Strict; Path=/` })
    record('operator.login', { name, role: operator.role, address: '127.0.0.1' })
  }

  /** Applies a command once. */
  function once(id, apply) {
    if (!state.applied.has(id)) state.applied.set(id, apply().seq)
    return { seq: state.applied.get(id) }
  }

  function post(request, response, path, body, operator) {
    if (path === '/api/setup') {
      if (!state.needs_setup) return answer(response, 409, 'There is an account already: log in.')
      if (body.code !== state.code) return answer(response, 403, 'This is not the setup code that the server printed.')
      state.needs_setup = false
      state.accounts.set(body.name, { password: body.password, role: 'admin' })
      return logIn(response, body.name)
    }
    if (path === '/api/login') {
      const account = state.accounts.get(body.name)
      if (!account || account.password !== body.password) return answer(response, 401, 'Name or password is wrong.')
      return logIn(response, body.name)
    }
    if (!operator) return answer(response, 401, 'Log in first.')
    if (request.headers['x-cordon-csrf'] !== state.csrf) return answer(response, 403, 'The page is out of date: load it again.')
    if (path === '/api/logout') {
      for (const [id, it] of state.sessions) if (it === operator) state.sessions.delete(id)
      return answer(response, 200, {})
    }
    if (path === '/api/chat') {
      state.chat_posts++
      if (state.refuse) return answer(response, ...state.refuse)
      const direct = body.to !== 'all'
      return answer(response, 200, once(body.id, () => chat(null, body.text, {
        message_id: body.id, from: operator.name, operator: operator.name, direct, to: direct ? [body.to] : [],
      })))
    }
    if (path === '/api/incidents' || /^\/api\/incidents\/[^/]+\/commands$/.test(path)) {
      state.commands.push(body)
      const done = incident.command(body, operator.name)
      answer(response, done.status ?? 200, done)
      return tellIncident()
    }
    if (/^\/api\/incidents\/[^/]+\/promote$/.test(path)) return promote(response, body, operator)
    const done = welcome.post(path, body)
    if (done) return answer(response, ...done)
    if (path === '/api/operators' || /^\/api\/operators\/[^/]+\/change$/.test(path)) return account(response, path, body)
    const uid = /^\/api\/emergencies\/(.+)\/acknowledge$/.exec(path)?.[1]
    if (uid) {
      const it = state.emergencies.find((emergency) => emergency.uid === decodeURIComponent(uid))
      if (!it) return answer(response, 404, 'There is no such open emergency.')
      it.acknowledged_by = operator.name
      it.acknowledged = Date.now()
      return answer(response, 200, once(body.id, () => record('emergency.acknowledged', { uid: it.uid, unit_uid: it.unit_uid, by: operator.name })))
    }
    return answer(response, 404, 'There is no such call.')
  }

  /** The drawing gives the geometry and the name. */
  function promote(response, body, operator) {
    if (options.no_promote) return answer(response, 404, 'There is nothing under this address.')
    const drawn = state.units.find((unit) => unit.uid === body.uid && !unit.presence)
    if (!drawn) return answer(response, 404, 'There is no such drawing.')
    const place = body.kind === 'point.set' || body.kind === 'hazard.reported'
    const around = [[0, 0], [0.001, 0], [0.001, 0.001], [0, 0]].map(([lat, lon]) => `${(drawn.lat + lat).toFixed(6)},${(drawn.lon + lon).toFixed(6)}`).join(' ')
    const geometry = place ? { lat: drawn.lat, lon: drawn.lon } : { shape: around }
    state.commands.push(body)
    const done = incident.command({ id: body.id, kind: body.kind, fields: { ...body.fields, ...geometry } }, operator.name)
    answer(response, done.status ?? 200, done)
    tellIncident()
  }

  const accountOf = ([name, it]) => ({ name, roles: it.roles ?? ['administrator', 'commander', 'loggist'], agency: it.agency ?? '', disabled: it.disabled ?? false })

  function account(response, path, body) {
    const name = decodeURIComponent(path.split('/')[3] ?? body.name)
    const known = state.accounts.get(name)
    if (path === '/api/operators' && known) return answer(response, 409, `There is an operator ${name} already.`)
    if (path !== '/api/operators' && !known) return answer(response, 404, 'There is no such operator.')
    const { id, name: _, ...given } = body
    state.accounts.set(name, { role: 'operator', ...known, ...given })
    return answer(response, 200, { seq: record('operator.' + (known ? 'changed' : 'made'), {
      name, role: given.roles?.join(',') ?? '', by: 'Duty officer', changed: Object.keys(given),
    }).seq })
  }

  function events(url, all = state.events) {
    const limit = Math.min(1000, Number(url.searchParams.get('limit')) || 200)
    const before = url.searchParams.get('before')
    if (before) return all.filter((event) => event.seq < Number(before)).slice(-limit)
    return all.filter((event) => event.seq > Number(url.searchParams.get('after') ?? 0)).slice(0, limit)
  }

  /** What happened when; the mock computes no figures. */
  function timeline() {
    const list = state.events.filter((event) => event.incident)
    const kinds = [...new Set(list.map((event) => event.kind))]
    const rows = list.map((event) => [event.seq, event.at, Date.parse(event.fields?.observed_at) || 0, kinds.indexOf(event.kind)])
    return { incident: incident.id(), head: list.at(-1)?.seq ?? 0, cut: false, kinds, events: rows, figures: [] }
  }

  function get(request, response, url, operator) {
    const path = url.pathname
    if (path === '/api/session') return answer(response, 200, session(operator))
    if (path === '/healthz') return answer(response, 200, { status: 'ok' })
    if (!path.startsWith('/api/') && !path.startsWith('/t/')) return file(request, response, path)
    if (!operator) return answer(response, 401, 'Log in first.')
    if (path === '/api/events') return answer(response, 200, { events: events(url), head: state.seq })
    if (/^\/api\/incidents\/[^/]+\/events$/.test(path)) {
      const kinds = url.searchParams.get('kinds')?.split(',')
      return answer(response, 200, { events: events(url, state.events.filter((event) => event.incident && (!kinds || kinds.includes(event.kind)))), head: state.seq })
    }
    if (/^\/api\/incidents\/[^/]+\/timeline$/.test(path)) return answer(response, 200, timeline())
    if (path === '/api/incidents') return answer(response, 200, { incidents: incident.id() ? [incident.view('strip')] : [] })
    if (path === '/api/practice') return answer(response, 200, { possible: false, state: 'none', port: 0, speed: 0, by: '', why: '' })
    if (path === '/api/machine') {
      const ports = { web: 8443, enrol: 8446, tak: 8089 }
      return answer(response, 200, { now: Date.now(), started, clock: 'by-hand', disk: { size: 256e9, free: 41e9, record: 5e6, growth: 1e8 }, battery: { percent: 78, on_mains: false, left_s: 11400 }, hosts: ['10.0.0.5'], ports })
    }
    if (path === '/api/operators') return answer(response, 200, { operators: [...state.accounts].map(accountOf) })
    if (path === '/api/clients') return answer(response, 200, { type: 'clients', clients: clients() })
    const welcomed = welcome.get(path)
    if (welcomed) return answer(response, 200, welcomed)
    if (/^\/api\/invites\/\d+\/qr\.svg$/.test(path)) {
      response.writeHead(200, { 'Content-Type': 'image/svg+xml' })
      return response.end(welcome.code)
    }
    if (path === '/api/maps') return answer(response, 200, maps.map((map) => map.info))
    const tile = /^\/t\/([^/]+)\/(\d+)\/(\d+)\/(\d+)$/.exec(path)
    const map = tile && maps.find((it) => it.info.name === decodeURIComponent(tile[1]))
    if (!map) return answer(response, 404, 'There is no such map.')
    const data = map.tile(Number(tile[2]), Number(tile[3]), Number(tile[4]))
    if (!data) return response.writeHead(204).end()
    const type = map.info.format === 'pbf' ? 'application/vnd.mapbox-vector-tile' : `image/${map.info.format}`
    response.writeHead(200, { 'Content-Type': type, ...(data[0] === 0x1f && data[1] === 0x8b ? { 'Content-Encoding': 'gzip' } : {}) })
    response.end(data)
  }

  function file(request, response, path) {
    // Upgraded, its files have other names, and none has the code of the page before.
    if (state.upgraded && /^\/assets\/[^/]*\.js$/.test(path)) return answer(response, 404, 'There is no such page.')
    const name = join(dist, normalize(path === '/' ? '/index.html' : path.replace('/assets/next/', '/assets/')))
    if (!name.startsWith(dist) || !existsSync(name) || !statSync(name).isFile() || state.missing?.test(path)) return answer(response, 404, 'There is no such page.')
    const kept = readFileSync(name)
    const data = state.upgraded && path === '/' ? Buffer.from(kept.toString().replaceAll('/assets/', '/assets/next/')) : kept
    const etag = `"${createHash('sha256').update(data).digest('hex').slice(0, 16)}"`
    response.writeHead(200, {
      'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Encoding': 'gzip', 'Content-Security-Policy': CSP, ETag: etag,
      'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache', 'X-Content-Type-Options': 'nosniff',
    })
    response.end(gzipSync(data))
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const operator = options.logged_in ? { name: 'Duty officer', role: 'admin' } : operatorOf(request)
    if (request.method === 'GET') return get(request, response, url, operator)
    let text = ''
    request.on('data', (part) => { text += part })
    request.on('end', () => post(request, response, url.pathname, text ? JSON.parse(text) : {}, operator))
  })
  const websockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (!options.logged_in && !operatorOf(request)) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    websockets.handleUpgrade(request, socket, head, (it) => {
      sockets.add(it)
      it.on('close', () => sockets.delete(it))
      it.on('message', (data) => {
        const hello = JSON.parse(String(data))
        state.hellos.push(hello)
        it.send(JSON.stringify(snapshot(hello.after)))
        const whole = incident.message(true, state.seq)
        if (whole) it.send(JSON.stringify(whole))
        it.ready = true
      })
    })
  })
  server.on('connection', (socket) => {
    heard.add(socket)
    socket.on('close', () => heard.delete(socket))
  })
  const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(options.port ?? 0)
  const port = server.address().port

  return {
    url: `http://127.0.0.1:${port}/`, port, state, record, raise, chat, person, setAlarms, incident,
    /** Somebody else's entry: as a command of another operator. */
    enter(kind, fields, actor = 'Radio desk') {
      const done = incident.command({ id: randomUUID(), kind, fields }, actor)
      if (done.status) throw new Error(`${kind}: ${done.detail}`)
      tellIncident()
      return done
    },
    cancel(uid) {
      const it = state.emergencies.find((emergency) => emergency.uid === uid)
      state.emergencies = state.emergencies.filter((emergency) => emergency !== it)
      record('emergency.cancelled', { uid, unit_uid: it.unit_uid, from: it.from })
    },
    /** The server dies: nothing listens until back(). */
    async lose() {
      for (const socket of heard) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
    /** The server dies in the middle of a frame of positions. */
    async loseMidFrame() {
      for (const socket of sockets) socket._socket.write(Buffer.from([0x82, 126, 0x04, 0x00, 1, 1, 20, 0]))
      await this.lose()
    },
    back: () => listen(port),
    async stop() {
      timers.forEach(clearInterval)
      for (const socket of heard) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { port: 8444, mbtiles: [], accounts: { 'Duty officer': { password: 'practice only', role: 'admin' } } }
  const list = process.argv.slice(2)
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '--port') options.port = Number(list[++i])
    else if (list[i] === '--units') options.units = Number(list[++i])
    else if (list[i] === '--mbtiles') options.mbtiles.push(list[++i])
    else if (list[i] === '--logged-in') options.logged_in = true
    else if (list[i] === '--incident') options.incident = exercise()
    else if (list[i] === '--setup') delete options.accounts
  }
  const mock = await startMock(options)
  const talk = ['Moving to floor 3', 'All accounted for', 'Ambulance at the gate', 'کمرہ 204 صاف ہے']
  let turn = 0
  setInterval(() => mock.chat(mock.person(turn % 40), talk[turn++ % talk.length]), 7000)
  setTimeout(() => mock.raise(mock.person(3)), 5000)
  setTimeout(() => mock.setAlarms([{ id: `uid_conflict:${mock.person(8).uid}`, level: 'warn', text: 'RGR-2: user3 holds it, user9 claims it', since: Date.now() }]), 8000)
  process.stdout.write(`${mock.url}  (Duty officer / practice only; setup code ${mock.state.code})\n`)
}
