// Calls to the server. An answer is a value: nothing here throws.
import { t } from '../base/i18n'
import { saidText } from '../base/values'
import { may_write } from '../state/moment'
import { session } from '../state/session'
import type { Session } from './protocol'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export type Answer<T> = { ok: true; data: T } | { ok: false; status: number; detail: string; field: string }

/** Bytes of an answer that is not JSON; null when there are none. */
export async function fetchBytes(path: string): Promise<ArrayBuffer | null> {
  try {
    const response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(15_000) })
    return response.ok ? await response.arrayBuffer() : null
  } catch {
    return null
  }
}

/** What may be sent while a past moment is shown: what was written before, and the way out. */
export interface Sent {
  in_past?: boolean
}

/** `status` 0 means that nobody answered. While a past moment is shown nothing is written: that is refused here. */
export async function call<T>(method: Method, path: string, body?: unknown, sent: Sent = {}): Promise<Answer<T>> {
  if (method !== 'GET' && !may_write.peek() && !sent.in_past) return { ok: false, status: 403, detail: t('past.read_only'), field: '' }
  const answer = await ask<T>(method, path, body)
  if (answer.ok || answer.status !== 403 || method === 'GET' || !(await renewToken())) return answer
  return ask<T>(method, path, body)
}

/** A server that was started again has another token. False when ours is the one it wants, or nobody is logged in. */
async function renewToken(): Promise<boolean> {
  const answer = await ask<Session>('GET', '/api/session')
  if (!answer.ok || !answer.data.operator || answer.data.csrf === session.peek()?.csrf) return false
  session.value = answer.data
  return true
}

async function ask<T>(method: Method, path: string, body?: unknown): Promise<Answer<T>> {
  const headers: Record<string, string> = {}
  if (method !== 'GET') {
    headers['Content-Type'] = 'application/json'
    const csrf = session.value?.csrf
    if (csrf) headers['X-Cordon-CSRF'] = csrf
  }
  let response: Response
  let text: string
  try {
    response = await fetch(path, {
      method,
      headers,
      body: method !== 'GET' ? JSON.stringify(body ?? {}) : null,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(15_000),
    })
    // An answer that breaks off is none.
    text = await response.text()
  } catch {
    return { ok: false, status: 0, detail: '', field: '' }
  }
  let data: unknown = null
  try {
    data = JSON.parse(text)
  } catch {
    // An empty answer, or not JSON: the status says it all.
  }
  if (response.ok) return { ok: true, data: data as T }
  const problem = data as { detail?: string; title?: string; field?: string } | null
  return { ok: false, status: response.status, detail: saidText(problem?.detail ?? problem?.title ?? ''), field: problem?.field ?? '' }
}
