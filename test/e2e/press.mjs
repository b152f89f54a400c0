// Presses whatever can be pressed on a page of the real server: for tests of what is offered.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { logIn, visit } from './real.mjs'

export const PASSWORD = 'practice only'
/** Admin is of now alone: it ends a replay. */
export const SCREENS = ['map', 'floors', 'log', 'people', 'casualties', 'tasks', 'statements', 'replay', 'points']

export async function post(page, path, body) {
  return page.evaluate(async ([path, body]) => {
    const { csrf } = await (await fetch('/api/session')).json()
    const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify(body) })
    return { status: answer.status, text: await answer.text() }
  }, [path, body])
}

/** An account for each set of roles, made by who is logged in on `page`. */
export async function makeAccounts(page, list) {
  for (const roles of list) {
    const made = await post(page, '/api/operators', { id: randomUUID(), name: `EX ${roles}`, password: PASSWORD, roles: roles.split(','), agency: '' })
    assert.equal(made.status, 200, made.text)
  }
}

/** Until an exercise has been played to `until`. */
export async function atRest(page, until) {
  for (;;) {
    const at = await page.evaluate(async () => Date.parse((await (await fetch('/api/incidents/EX-1/state?kinds=incident')).json()).at))
    if (at >= Date.parse(until)) return
    await new Promise((go) => setTimeout(go, 200))
  }
}

/** The column and the strip are one on every screen. */
export const EVERYWHERE = '#work, #strip, #side, #card'

/** Runs in the page: presses whatever can be pressed in `within`, one of each kind, and what comes up by that; puts the
 * screen back when it was left. Gives what was pressed, and what was said or stood there that must not. */
export async function press({ within, hash, reason, fill, most }) {
  const shown = (it) => it.checkVisibility() && !it.closest('[inert], .hidden')
  const nameOf = (it) => `${it.tagName} ${it.className} ${it.getAttribute('aria-label') ?? ''} ${it.textContent.trim()}`.replace(/[0-9]+/g, '0').slice(0, 120)
  const turn = () => new Promise((go) => setTimeout(go, 30))
  const pressed = new Set()
  const wrong = []
  const left = () => !location.hash.startsWith(hash.split('&')[0]) || (hash.includes('at=') && !document.querySelector('#top.replay'))
  const fillIn = (form) => {
    for (const it of form.querySelectorAll('input, select, textarea')) {
      if (it.type === 'checkbox' || it.type === 'radio' || it.type === 'file' || it.value !== '') continue
      it.value = it.type === 'password' ? 'practice only' : it.tagName === 'SELECT' ? it.options[it.options.length - 1].value : it.inputMode === 'numeric' ? '5' : 'EX-1'
      it.dispatchEvent(new Event(it.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }))
    }
  }
  for (let n = 0; n < most; n++) {
    const all = [...document.querySelectorAll(`:is(${within}) :is(button, summary)`)]
    const next = all.find((it) => shown(it) && !it.disabled && !/Ctrl P/.test(it.textContent) && !pressed.has(nameOf(it)))
    if (!next) break
    pressed.add(nameOf(next))
    if (reason && next.matches('.hold')) wrong.push(`${nameOf(next)} can be held`)
    if (fill && next.type === 'submit' && next.form) fillIn(next.form)
    if (fill && next.matches('.hold')) {
      next.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0 }))
      await new Promise((go) => setTimeout(go, 900))
    }
    next.click()
    await turn()
    const said = [...document.querySelectorAll('[role=status], [role=alert], .outcome')].map((it) => it.textContent.trim())
    if (reason && said.includes(reason)) wrong.push(`${nameOf(next)} says that it is read only`)
    document.querySelectorAll('dialog[open]').forEach((it) => it.dispatchEvent(new Event('cancel', { cancelable: true })))
    if (!left()) continue
    location.hash = hash
    for (let i = 0; i < 30 && left(); i++) await turn()
  }
  return { pressed: [...pressed], wrong }
}

export async function show(page, hash) {
  // The address that the page itself writes a little later may come in between.
  await page.waitForFunction((it) => {
    if (location.hash.startsWith(it.split('&')[0])) return !document.querySelector('#work .stage')
    location.hash = it
    return false
  }, hash, { polling: 100 })
}

/** A page of real.mjs for the account of these roles, and what the server refuses to it; it is kept from printing and
 * from opening windows. */
export async function visitAs(server, roles, lang) {
  const it = await visit(server, `?lang=${lang}`)
  const refusals = []
  it.refused()
  it.page.on('response', async (answer) => {
    if (answer.status() === 403) refusals.push(`${answer.request().method()} ${new URL(answer.url()).pathname}: ${(await answer.json().catch(() => ({}))).detail}`)
  })
  await it.page.addInitScript(() => {
    window.print = () => undefined
    window.open = () => null
  })
  await logIn(it.page, `EX ${roles}`, PASSWORD)
  await it.page.locator('#strip').waitFor()
  return { ...it, refusals }
}
