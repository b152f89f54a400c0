// The phones that joined, and of which agency each seems to be: its call sign begins as that agency's do.
import { computed, signal } from '@preact/signals'
import type { Client } from '../net/protocol'
import { entitiesOf, textOf } from './incident'
import { clients } from './record'
import { codeOf, hasFix, text_changed, units_by_uid } from './tracks'
import type { Unit } from './tracks'

/** How call signs begin, and the kind of agency; of others nothing is supposed. */
const beginnings: Record<string, string> = {
  SPU: 'police', SP: 'police', PS: 'police', POL: 'police', QRF: 'police', RRF: 'police', CTD: 'police', TRAF: 'police', RGR: 'paramilitary', RNGR: 'paramilitary',
  ARMY: 'army', ARM: 'army', FIRE: 'fire', FB: 'fire', AMB: 'ems', EMS: 'ems', MED: 'ems', SAR: 'sar', RES: 'sar', BDS: 'eod', EOD: 'eod', HOSP: 'hospital',
}

export const proposed = (agency: string, callsign: string): string => beginnings[codeOf(agency, callsign)] ?? ''

/** What the operator chose for a phone, by its uid. */
export const chosen_kinds = signal<ReadonlyMap<string, string>>(new Map())
/** Phones whose agency he confirmed before there was an incident. */
export const confirmed = signal<ReadonlySet<string>>(new Set())

export interface Joined {
  client: Client
  unit: Unit | undefined
  kind: string
}

/** Connected phones that said who they are, the one that came first on top. */
export const joined_phones = computed<Joined[]>(() => {
  void text_changed.value
  return clients.value.filter((it) => it.callsign !== '' && it.uid !== '').sort((a, b) => a.since - b.since).map((client) => ({
    client, unit: units_by_uid.get(client.uid), kind: chosen_kinds.value.get(client.uid) ?? proposed(client.agency, client.callsign),
  }))
})

/** Those of them that are no unit of the incident yet. */
export const not_checked_in = computed(() => {
  const names = new Set(entitiesOf('unit').flatMap((it) => [it.id, ...textOf(it, 'aliases').split(', '), ...textOf(it, 'alias').split(', ')]))
  return joined_phones.value.filter((it) => !names.has(it.client.callsign))
})

/** Where the first phone is that knows it. */
export function firstFix(): Unit | undefined {
  return joined_phones.value.find((it) => it.unit && hasFix(it.unit))?.unit
}

export function chooseKind(uid: string, kind: string): void {
  chosen_kinds.value = new Map(chosen_kinds.peek()).set(uid, kind)
}

export function confirm(uid: string): void {
  confirmed.value = new Set(confirmed.peek()).add(uid)
}
