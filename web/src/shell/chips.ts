// The six entries that a post makes most, one tap each: what this operator entered most here, filled up by what his
// role usually does. Also which kinds he entered last, for the list behind the slash.
import { computed, signal } from '@preact/signals'
import { mayDo } from '../state/rights'
import { hasRole, session } from '../state/session'

const CHIPS = 6
const LAST = 5

/** By role, the most frequent first; who has several gets those of the first that is here. */
const usual: { role: string; kinds: readonly string[] }[] = [
  { role: 'loggist', kinds: ['report.received', 'count.claimed', 'task.created', 'decision.taken', 'message.sent', 'unit.checked_in', 'casualty.reported', 'hazard.reported', 'methane.reported', 'commitment.made'] },
  { role: 'commander', kinds: ['decision.taken', 'incident.posture_set', 'task.created', 'message.sent', 'count.accepted', 'assignment.given', 'report.received', 'closure.set', 'need.raised', 'period.started'] },
  { role: 'medical', kinds: ['casualty.reported', 'casualty.triage_set', 'casualty.moved', 'casualty.transported', 'casualty.status_set', 'casualty.verified', 'count.claimed', 'need.raised', 'report.received', 'message.sent'] },
  { role: 'safety', kinds: ['hazard.reported', 'par.called', 'zone.no_go', 'zone.voided', 'tactical.set', 'report.received', 'message.sent', 'task.created', 'unit.entered_zone', 'unit.left_zone'] },
  { role: 'logistics', kinds: ['unit.checked_in', 'unit.status_set', 'need.raised', 'need.committed', 'need.enroute', 'need.filled', 'unit.released', 'unit.routed', 'task.created', 'report.received', 'message.sent'] },
  { role: 'operations', kinds: ['assignment.given', 'unit.entered_zone', 'unit.left_zone', 'zone.search_started', 'zone.search_ended', 'threat.reported', 'task.created', 'report.received', 'hazard.reported', 'message.sent'] },
]
const anybody = ['report.received', 'count.claimed', 'casualty.reported', 'unit.checked_in', 'unit.entered_zone', 'zone.search_started', 'zone.search_ended', 'task.created', 'message.sent', 'hazard.reported']

interface Used {
  counts: Record<string, number>
  last: string[]
}

const changed = signal(0)
const name = () => `cordon.used.${session.value?.operator?.name ?? ''}`

function read(): Used {
  try {
    const it = JSON.parse(localStorage.getItem(name()) ?? '{}') as Partial<Used>
    return { counts: it.counts ?? {}, last: Array.isArray(it.last) ? it.last : [] }
  } catch {
    // Storage switched off, or not ours: the usual ones.
    return { counts: {}, last: [] }
  }
}

export function countUse(kind: string): void {
  const it = read()
  const next: Used = { counts: { ...it.counts, [kind]: (it.counts[kind] ?? 0) + 1 }, last: [kind, ...it.last.filter((other) => other !== kind)].slice(0, LAST) }
  try {
    localStorage.setItem(name(), JSON.stringify(next))
  } catch {
    // See above.
  }
  changed.value++
}

const used = computed(() => {
  void changed.value
  return read()
})

export const recent = computed(() => used.value.last)

export const chips = computed<readonly string[]>(() => {
  const roles = session.value?.operator?.role ?? ''
  const own = usual.find((it) => it.role === roles) ?? usual.find((it) => session.value?.operator?.roles !== undefined && hasRole(it.role))
  const { counts } = used.value
  const order = own?.kinds ?? anybody
  // Three times is a habit; what one did once does not push out what the role does all night.
  const habits = Object.keys(counts).filter((kind) => counts[kind]! >= 3).sort((a, b) => counts[b]! - counts[a]!)
  return [...new Set([...habits, ...order])].filter(mayDo).slice(0, CHIPS)
})
