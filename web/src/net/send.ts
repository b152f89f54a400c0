// A file to the server in pieces, each of which goes on where the last ended: a line that breaks costs one piece.
import { saidText } from '../base/values'
import type { Answer } from './api'
import { session } from '../state/session'

export const PIECE = 4 * 1024 * 1024
const PIECE_MS = 120_000

async function sendPiece(path: string, bytes: Blob, signal: AbortSignal): Promise<Answer<{ at: number; whole: boolean }>> {
  try {
    const response = await fetch(path, {
      method: 'POST', body: bytes, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.any([signal, AbortSignal.timeout(PIECE_MS)]),
      headers: { 'Content-Type': 'application/octet-stream', 'X-Cordon-CSRF': session.peek()?.csrf ?? '' },
    })
    const data = (await response.json()) as { at: number; whole: boolean; detail?: string }
    return response.ok ? { ok: true, data } : { ok: false, status: response.status, detail: saidText(data.detail ?? ''), field: '' }
  } catch {
    return { ok: false, status: 0, detail: '', field: '' }
  }
}

/** Sends from byte `at` on; `told` hears how far it is. What comes back is the last answer, or the first refusal. */
export async function sendFile(path: string, file: Blob, at: number, told: (at: number) => void, signal: AbortSignal) {
  let answer: Answer<{ at: number; whole: boolean }> = { ok: true, data: { at, whole: false } }
  while (answer.ok && !answer.data.whole && !signal.aborted) {
    const from: number = answer.data.at
    told(from)
    answer = await sendPiece(`${path}?offset=${from}&size=${file.size}`, file.slice(from, from + PIECE), signal)
  }
  return answer
}
