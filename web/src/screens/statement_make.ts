// New statements: an empty one, and the correction of one that is out.
import { effect } from '@preact/signals'
import { t } from '../base/i18n'
import type { Entity } from '../net/incident'
import { entryOf, refusalOf } from '../state/acts'
import { entitiesOf, textOf } from '../state/incident'
import { submit } from '../state/outbox'
import { session } from '../state/session'
import { both, factsOf, wordOn } from '../state/statements'
import type { Pair } from '../state/statements'
import { savePair } from './statement_line'

export type Made = { id: string } | { wrong: string }

/** The statement that an entry made, once the page has heard of it: the server may have given it another number. */
function madeBy(seq: number): Promise<string> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      const it = entitiesOf('statement').find((one) => one.made === seq)
      if (!it) return
      resolve(it.id)
      queueMicrotask(() => stop())
    })
  })
}

export async function makeStatement(fields: { speaker: string; audience: string; replaces?: string }): Promise<Made> {
  const outcome = await submit(entryOf('statement.drafted', { by: session.peek()?.operator?.name ?? '', ...fields }))
  if (outcome.is === 'waiting') return { wrong: t('entry.waits') }
  return outcome.is === 'done' ? { id: await madeBy(outcome.seq) } : { wrong: refusalOf(outcome) }
}

/** What is known now in the place of each fact. */
function renewed(pair: Pair): string[] {
  const now = new Map(both(pair).flatMap((line) => wordOn(line)?.facts ?? []).map((fact) => [fact.fact, fact.now ?? fact.fact]))
  return [...new Set(factsOf(pair).map((fact) => now.get(fact) ?? fact))]
}

/** A draft with the same lines on what is known now; the writer mends the words. */
export async function correctionOf(it: Entity, pairs: readonly Pair[]): Promise<Made> {
  const made = await makeStatement({ speaker: textOf(it, 'speaker'), audience: textOf(it, 'audience'), replaces: it.id })
  if ('wrong' in made) return made
  for (const [i, pair] of pairs.entries()) {
    const wrong = await savePair(made.id, undefined, {
      number: String(i + 1), en: textOf(pair.en, 'text'), ur: textOf(pair.ur, 'text'), facts: renewed(pair), attributed: textOf(both(pair)[0], 'attributed_to'),
    })
    if (wrong !== '') return { wrong }
  }
  return made
}
