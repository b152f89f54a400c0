// Which part of Admin is open, and who sees which: the server refuses the rest anyway.
import { computed, effect, signal } from '@preact/signals'
import { incident_id } from './incident'
import { mayDo } from './rights'
import { client_filter } from './view'
import { mayWelcome } from './welcome'

export const tabs = [
  'phones', 'operators', 'sharing', 'ways', 'video', 'maps', 'building', 'record', 'disk', 'clocks', 'connections', 'about',
] as const
export type Tab = (typeof tabs)[number]

const administers = () => mayDo('administers')
const seesPicture = () => mayDo('picture')

const may: Record<Tab, () => boolean> = {
  phones: mayWelcome,
  operators: administers,
  sharing: () => seesPicture() && incident_id.value !== '',
  ways: administers,
  video: seesPicture,
  maps: administers,
  building: () => incident_id.value !== '' && mayDo('structure.defined'),
  record: administers,
  disk: administers,
  clocks: administers,
  connections: () => true,
  about: administers,
}

const wanted = signal<Tab | null>(null)
export const shown_tabs = computed(() => tabs.filter((tab) => may[tab]()))
export const admin_tab = computed<Tab>(() => (wanted.value && shown_tabs.value.includes(wanted.value) ? wanted.value : shown_tabs.value[0] ?? 'connections'))

export function openTab(tab: Tab): void {
  wanted.value = tab
}

// An alarm that names a client leads to it.
effect(() => {
  if (client_filter.value !== '') wanted.value = 'connections'
})
