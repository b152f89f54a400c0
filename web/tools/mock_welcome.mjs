// Invites, devices and users of the mock server (mock.mjs): enough for the page's Admin, with no store behind it.
const HOUR = 3_600_000

/** `units` that are online became devices; the first `held` of them wait. */
export function makeWelcome(units, held) {
  const now = Date.now()
  const online = units.filter((unit) => unit.presence && unit.online).slice(0, 40)
  const state = {
    invites: [
      { id: 1, name: 'ex-sheet-1', agency: 'EX', role: '', groups: [], admits: true, expires: now - HOUR, uses: 1, uses_max: 1, made: now - 9 * HOUR, made_by: 'Duty officer', state: 'used' },
      { id: 2, name: 'ex-volunteers', agency: 'EX', role: 'Team Member', groups: [{ name: 'ops', in: true, out: true }], admits: false, expires: now + 3 * HOUR, uses: 4, uses_max: 40, made: now - HOUR, made_by: 'Duty officer', state: 'open' },
    ],
    devices: online.map((unit, i) => ({
      serial: (0xabc000 + i).toString(16), user: unit.user, agency: unit.agency, callsign: unit.callsign, uid: unit.uid, since: now - i * HOUR, until: now + 365 * 24 * HOUR,
      seen: now - i * 7000, revoked: i === online.length - 1 ? now - HOUR : 0, invite: i % 3 ? 2 : 0, held: i < held, online: i !== online.length - 1,
    })),
    users: [{ name: 'ex-gateway', agency: 'EX', role: '', groups: [{ name: 'ops', in: true, out: true }], off: [], relay: true, disabled: false, password: true }],
  }
  const invite = (body, name) => {
    const made = {
      id: state.invites.length + 1, name, agency: body.agency ?? '', role: body.role ?? '', groups: (body.groups ?? []).map((it) => ({ name: it, in: true, out: true })),
      admits: body.admits ?? (body.uses ?? 1) === 1, expires: Date.now() + (body.hours ?? 12) * HOUR, uses: 0, uses_max: body.uses ?? 1, made: Date.now(), made_by: 'Duty officer', state: 'open',
      token: 'EXAMPLE0TOKEN0OF0THE0MOCK0', link: 'https://10.0.0.5:8446/join/EXAMPLE0TOKEN0OF0THE0MOCK0',
    }
    state.invites.unshift(made)
    return made
  }
  const device = (serial) => state.devices.find((it) => it.serial === serial)

  /** The answer as [status, body], or null when the call is another's. */
  function post(path, body) {
    if (path === '/api/invites') return /^[\w.-]+$/.test(body.name) ? [201, { invite: invite(body, body.name) }] : [422, 'A name has letters, digits, - _ and dot.']
    if (path === '/api/invites/batch') return [201, { invites: body.names.map((name) => invite(body, name)) }]
    if (path === '/api/devices/admit') {
      for (const serial of body.serials) device(serial).held = false
      return [200, { admitted: body.serials.length }]
    }
    if (path === '/api/users') {
      state.users.push({ name: body.name, agency: body.agency ?? '', role: '', groups: [], off: [], relay: false, disabled: false, password: true })
      return [201, { name: body.name }]
    }
    const [, kind, id, verb] = /^\/api\/(invites|devices)\/(\w+)\/(end|admit|revoke)$/.exec(path) ?? []
    if (kind === 'invites') state.invites.find((it) => it.id === Number(id)).state = 'ended'
    else if (verb === 'admit') device(id).held = false
    else if (verb === 'revoke') Object.assign(device(id), { revoked: Date.now(), held: false, online: false })
    else return null
    return [200, { count: 1 }]
  }

  function get(path) {
    if (path === '/api/invites') return { hosts: ['10.0.0.5', 'ex-post.local'], roles: ['Team Member', 'Team Lead', 'Medic'], tak_port: 8089, enrol_port: 8446, words: 'crane lemon river', invites: state.invites }
    if (path === '/api/devices') return { devices: state.devices }
    if (path === '/api/users') return { users: state.users }
    return null
  }

  /** Stands for a code: the mock draws none. */
  const code = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#fff" d="M0 0h8v8H0z"/><path d="M1 1h2v2H1zM5 1h2v2H5zM1 5h2v2H1zM4 4h1v1H4zM6 6h1v1H6z"/></svg>'
  return { state, post, get, code, isHeld: (uid) => state.devices.some((it) => it.uid === uid && it.held) }
}
