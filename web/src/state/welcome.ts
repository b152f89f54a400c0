// Who may join: invites, the phones that joined, and who of them still waits. Fetched when Admin shows them.
import { computed, signal } from '@preact/signals'
import { call } from '../net/api'
import { clients } from './record'
import { mayDo } from './rights'

export interface Group {
  name: string
  in: boolean
  out: boolean
}

export interface Invite {
  id: number
  name: string
  agency: string
  role: string
  groups: Group[]
  admits: boolean
  expires: number
  uses: number
  uses_max: number
  made: number
  made_by: string
  state: 'open' | 'used' | 'expired' | 'ended'
  /** Only in the session that made it. */
  token?: string
  link?: string
}

export interface Invites {
  hosts: string[]
  roles: string[]
  tak_port: number
  enrol_port: number
  words: string
  invites: Invite[]
}

export interface Device {
  serial: string
  user: string
  agency: string
  callsign: string
  uid: string
  since: number
  until: number
  seen: number
  revoked: number
  invite: number
  held: boolean
  online: boolean
}

export const invites = signal<Invites | null>(null)
export const devices = signal<Device[] | null>(null)
export const welcome_error = signal('')

export const mayWelcome = () => mayDo('welcomes')

async function ask<T>(path: string): Promise<T | null> {
  const answer = await call<T>('GET', path)
  if (answer.ok) return answer.data
  welcome_error.value = answer.detail
  return null
}

export async function askInvites(): Promise<void> {
  const list = await ask<Invites>('/api/invites')
  if (list) invites.value = list
}

export async function askDevices(): Promise<void> {
  const list = await ask<{ devices: Device[] }>('/api/devices')
  if (list) devices.value = list.devices
}

/** Phones that are connected and not admitted, as the server tells them by itself. */
export const held_clients = computed(() => clients.value.filter((it) => it.admitted === false))
