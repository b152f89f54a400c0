// The roll call: who is inside, who was asked, who has answered. The server computes the clocks (view `par`); here
// stands only what the screen and its keys need of them.
import { computed, signal } from '@preact/signals'
import type { Entity, Inside } from '../net/incident'
import { entitiesOf, entity, par, textOf, timeOf } from './incident'

const rank = { missed: 0, due: 1, ok: 2 }

export interface RollRow extends Inside {
  entry: Entity | undefined
  /** Asked and not answered since. */
  waits: boolean
  /** What it said last; null when it has not been asked yet. */
  answered: number | null
  heard: number
}

/** The call that stands last, closed or not. */
export const roll_call = computed<Entity | undefined>(() => entitiesOf('par').at(-1))

function rowOf(it: Inside): RollRow {
  const entry = entity('unit', it.unit)
  const located = entry?.fields['located']
  const waits = textOf(entry, 'par_called_at') !== ''
  return { ...it, entry, waits, answered: typeof located === 'number' && !waits ? located : null, heard: timeOf(entry?.fields['par_at']) }
}

/** The worst first: missed, due, then who is due next. */
export const roll = computed<RollRow[]>(() => (par.value?.units ?? []).map(rowOf).sort((a, b) =>
  rank[a.state] - rank[b.state] || Number(b.waits) - Number(a.waits) || (timeOf(a.due) || 0) - (timeOf(b.due) || 0) || a.unit.localeCompare(b.unit)))

/** Fewer answered than went in. */
export const isShort = (it: RollRow) => it.answered !== null && it.strength !== null && it.answered < it.strength

/** Who must be called again. */
export const missing = computed(() => roll.value.filter((it) => it.waits || it.state !== 'ok'))
/** Who holds up the end of the call: the server refuses it, too. */
export const holding = computed(() => {
  const asked = roll_call.value?.fields['units']
  return roll.value.filter((it) => (it.waits || isShort(it)) && (!Array.isArray(asked) || asked.includes(it.unit)))
})

export const people_inside = computed(() => roll.value.reduce((sum, it) => sum + (it.strength ?? 0), 0))
export const people_answered = computed(() => roll.value.reduce((sum, it) => sum + (it.answered ?? 0), 0))

/** The unit whose answer by voice is being typed. */
export const voicing = signal<string | null>(null)

/** The row that has the focus, else the first that has not answered. */
export function startVoice(): void {
  const row = document.activeElement?.closest<HTMLElement>('[data-unit]')?.dataset['unit']
  voicing.value = (roll.peek().find((it) => it.unit === row) ?? missing.peek()[0] ?? roll.peek()[0])?.unit ?? null
}

/** After one answer the next that has none: a roll is taken by radio from the top to the end. */
export function nextVoice(after: string): void {
  voicing.value = missing.peek().find((it) => it.unit !== after)?.unit ?? null
}
