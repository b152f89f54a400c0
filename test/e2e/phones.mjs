// Phones as the tests of the page need them: what they say, over plain TCP or with a certificate of their own.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { folder } from './real.mjs'

const time = (seconds) => new Date(Date.now() + seconds * 1000).toISOString()

export const event = (uid, type, detail, { lat = 10.001, lon = 20.001, stale = 75, off = 0 } = {}) =>
  `<event version="2.0" uid="${uid}" type="${type}" how="m-g" time="${time(off)}" start="${time(off)}" stale="${time(off + stale)}">` +
  `<point lat="${lat}" lon="${lon}" hae="10" ce="5" le="9999999.0"/><detail>${detail}</detail></event>`

export const report = (uid, callsign, where) =>
  event(uid, 'a-f-G-U-C', `<contact callsign="${callsign}" endpoint="*:-1:stcp"/><__group name="Cyan" role="Team Member"/>`, where)

/** What is heard is kept; `until` waits for a text in it. */
function phoneOn(socket) {
  const it = { socket, heard: '', ended: false, send: (text) => socket.write(text), close: () => socket.destroy() }
  socket.on('data', (part) => { it.heard += part })
  socket.on('close', () => { it.ended = true })
  socket.on('error', () => {})
  it.until = async (text) => {
    while (!it.heard.includes(text)) await new Promise((done) => setTimeout(done, 20))
  }
  return it
}

/** One over plain TCP, which nobody has to admit. */
export async function plainPhone(port) {
  const it = phoneOn(connect(port, '127.0.0.1'))
  await new Promise((done) => it.socket.once('connect', done))
  return it
}

/** One over TLS: `own` is its certificate and key as node:tls takes them. */
export async function securePhone(port, own) {
  const it = phoneOn(tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...own }))
  await new Promise((done, fail) => it.socket.once('secureConnect', done).once('error', fail))
  return it
}

/** Enrols as ATAK does: a request for the invite's name, the token as the password; certificate and key as PEM. */
export async function enrol(port, name, token, uid) {
  const key = join(folder, `${uid}.key`)
  const csr = execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', `/CN=${name}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  const answer = await new Promise((done, fail) => {
    const asked = request({
      host: '127.0.0.1', port, method: 'POST', path: `/Marti/api/tls/signClient/v2?clientUid=${uid}&version=5.1`, rejectUnauthorized: false,
      headers: { Authorization: 'Basic ' + Buffer.from(`${name}:${token}`).toString('base64'), Accept: 'application/json', 'Content-Type': 'application/octet-stream', 'Content-Length': csr.length },
    }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      done({ status: response.statusCode, text })
    })
    asked.on('error', fail)
    asked.end(csr)
  })
  const cert = answer.status === 200 ? `-----BEGIN CERTIFICATE-----\n${JSON.parse(answer.text).signedCert.trim()}\n-----END CERTIFICATE-----\n` : ''
  return { ...answer, cert, key: readFileSync(key) }
}
