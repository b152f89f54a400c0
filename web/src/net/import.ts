// A file that becomes events of an incident, all of it or nothing (doc/internals/incident-api.md, Import).
import { session } from '../state/session'
import { saidText } from '../base/values'
import type { Answer } from './api'

const ASK_AGAIN_MS = 2000

interface Outcome { done?: boolean; import?: string; ok?: boolean; detail?: string; field?: string }

const headers = (): Record<string, string> => ({ 'X-Cordon-CSRF': session.peek()?.csrf ?? '' })

/** A slow disk takes its time: the server answers before it is done, and is asked until it is. */
async function settled(path: string, response: Response): Promise<Response> {
  let said = response
  while (said.status === 202) {
    const { import: name } = (await said.json()) as Outcome
    if (name === undefined) return said
    await new Promise((done) => { setTimeout(done, ASK_AGAIN_MS) })
    said = await fetch(`${path}s/${encodeURIComponent(name)}`, { credentials: 'same-origin', cache: 'no-store' })
  }
  return said
}

/** status 0: the server was not reached. */
export async function sendImport<T>(incident: string, file: Blob, type: string, query: Record<string, string>): Promise<Answer<T>> {
  const path = `/api/incidents/${encodeURIComponent(incident)}/import`
  try {
    const response = await settled(path, await fetch(`${path}?${new URLSearchParams(query)}`, {
      method: 'POST', body: file, credentials: 'same-origin', cache: 'no-store', headers: { ...headers(), 'Content-Type': type },
    }))
    const data = (await response.json()) as T & Outcome
    if (response.ok && data.ok !== false) return { ok: true, data }
    return { ok: false, status: response.ok ? 409 : response.status, detail: saidText(data.detail ?? ''), field: data.field ?? '' }
  } catch {
    return { ok: false, status: 0, detail: '', field: '' }
  }
}
