// What the machine under the server says of itself, and the practice beside the server. Asked while somebody looks.
import { signal } from '@preact/signals'
import { lang, t } from '../base/i18n'
import { saidText } from '../base/values'
import { call } from '../net/api'

export interface Machine {
  now: number
  started: number
  clock: 'unknown' | 'kept' | 'by-hand' | 'exercise'
  disk: { size: number; free: number; record: number; growth: number } | null
  battery: { percent: number; on_mains: boolean; left_s: number | null } | null
  hosts: string[]
  ports: { web: number; enrol: number; tak: number }
}

export interface Practice {
  possible: boolean
  state: 'none' | 'starts' | 'runs' | 'ends'
  port: number
  speed: number
  by: string
  why: string
}

export const machine = signal<Machine | null>(null)
export const practice = signal<Practice | null>(null)
export const practice_error = signal('')

const MACHINE_MS = 15_000
const CHANGE_MS = 250

export async function askMachine(): Promise<void> {
  const answer = await call<Machine>('GET', '/api/machine')
  if (answer.ok) machine.value = answer.data
}

/** Keeps `machine` new until the returned function is called. */
export function watchMachine(): () => void {
  void askMachine()
  const timer = setInterval(() => void askMachine(), MACHINE_MS)
  return () => clearInterval(timer)
}

async function act(path: string, body: unknown): Promise<boolean> {
  const answer = await call<Practice>('POST', path, body)
  practice_error.value = answer.ok ? '' : answer.detail || t('error.status', { status: answer.status })
  if (answer.ok) practice.value = answer.data
  return answer.ok
}

export async function askPractice(): Promise<void> {
  const answer = await call<Practice>('GET', '/api/practice')
  if (answer.ok) practice.value = answer.data
}

/** Waits until it neither starts nor ends. */
async function settled(): Promise<void> {
  while (practice.peek()?.state === 'starts' || practice.peek()?.state === 'ends') {
    await new Promise((resolve) => setTimeout(resolve, CHANGE_MS))
    await askPractice()
  }
}

/** The address of the practice's page, '' when it did not come to be; its cookie is set by then. */
export async function startPractice(speed: number, anew: boolean): Promise<string> {
  if (!await act('/api/practice', { speed, anew })) return ''
  await settled()
  return joinPractice()
}

/** Another port is another origin, for which the browser keeps another language: the address carries ours over. */
export async function joinPractice(): Promise<string> {
  if (practice.peek()?.state !== 'runs') {
    practice_error.value = saidText(practice.peek()?.why ?? '') || t('practice.failed')
    return ''
  }
  if (!await act('/api/practice/join', {})) return ''
  return `https://${location.hostname}:${practice.peek()!.port}/?lang=${lang.peek()}`
}

export async function endPractice(): Promise<void> {
  if (await act('/api/practice/end', {})) await settled()
}

/** What a browser tells of its own battery, where it does. */
interface Own { level: number; charging: boolean; dischargingTime: number }
export const own_battery = signal<Machine['battery']>(null)

export async function askOwnBattery(): Promise<void> {
  const get = (navigator as { getBattery?: () => Promise<Own> }).getBattery
  if (!get) return
  try {
    const it = await get.call(navigator)
    own_battery.value = { percent: Math.round(it.level * 100), on_mains: it.charging, left_s: Number.isFinite(it.dischargingTime) ? it.dischargingTime : null }
  } catch {
    // It does not tell; the server's own battery is shown.
  }
}
