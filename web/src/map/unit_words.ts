// What stands beside a unit's symbol, and how wide that is.
import { ageText, counterText } from '../base/format'
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { silence } from '../state/tracks'
import type { Unit } from '../state/tracks'

/** Names come from phones: more of them are not kept. */
const WIDTHS_MAX = 30_000
const GAP = 6 * scale

export const font = (weight: number, px: number) => `${weight} ${px * scale}px "Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif`

export interface Words {
  /** With the floor. */
  name: string
  /** What counts behind it: how long it calls, how long it is silent. */
  count: string
}

export function wordsOf(unit: Unit, call: Emergency | undefined, now: number): Words {
  const name = unit.callsign + (unit.floor === unit.floor ? '  F' + unit.floor : '')
  if (call) return { name, count: call.acknowledged_by ? '' : counterText(now - call.raised) }
  return { name, count: unit.presence && silence(unit, now) ? ageText(now - unit.heard) : '' }
}

/** Widths of texts, each measured once for a font. */
export class Widths {
  private readonly known = new Map<string, number>()

  constructor(private readonly ctx: CanvasRenderingContext2D) {}

  of(text: string, bold: boolean): number {
    const key = (bold ? 'b' : '') + text
    const known = this.known.get(key)
    if (known !== undefined) return known
    this.ctx.font = font(bold ? 700 : 600, 12)
    const { width } = this.ctx.measureText(text)
    if (this.known.size > WIDTHS_MAX) this.known.clear()
    this.known.set(key, width)
    return width
  }

  /** Of what counts, with the space before it. */
  ofCount(count: string, bold: boolean): number {
    return count ? this.of(count, bold) + GAP : 0
  }

  ofWords({ name, count }: Words, bold: boolean): number {
    return this.of(name, bold) + this.ofCount(count, bold)
  }

  clear(): void {
    this.known.clear()
  }
}
