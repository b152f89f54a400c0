// Two tones every few seconds while an emergency or a Mayday waits for an acknowledgement. A browser lets a page
// sound only after the operator has touched it; until then `sound_blocked` is true and the page says so.
// Silencing holds for the emergencies that are open now: a new one sounds again.
import { computed, effect, signal, untracked } from '@preact/signals'
import { audible } from './attention'

const REPEAT_MS = 2_500
let context: AudioContext | null = null
let timer = 0

const silenced = signal<ReadonlySet<string>>(new Set())
export const sound_blocked = signal(true)
export const sounding = computed(() => audible.value.some((id) => !silenced.value.has(id)))

export function silenceSound(): void {
  silenced.value = new Set(audible.peek())
}

function tone(at: number, hertz: number, audio: AudioContext): void {
  const oscillator = audio.createOscillator()
  const gain = audio.createGain()
  oscillator.type = 'square'
  oscillator.frequency.value = hertz
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02)
  gain.gain.setValueAtTime(0.12, at + 0.22)
  gain.gain.linearRampToValueAtTime(0, at + 0.26)
  oscillator.connect(gain).connect(audio.destination)
  oscillator.start(at)
  oscillator.stop(at + 0.28)
}

function play(): void {
  if (!context || context.state !== 'running') return
  tone(context.currentTime + 0.02, 880, context)
  tone(context.currentTime + 0.32, 660, context)
}

function unlock(): void {
  context ??= new AudioContext()
  void context.resume().then(() => {
    sound_blocked.value = context?.state !== 'running'
    if (sounding.peek()) play()
  }, () => undefined)
  if (context.state !== 'suspended') sound_blocked.value = false
}

export function startSound(): void {
  for (const gesture of ['pointerdown', 'keydown'] as const) addEventListener(gesture, () => {
    if (sound_blocked.peek()) unlock()
  }, { capture: true })
  effect(() => {
    clearInterval(timer)
    if (!sounding.value) return
    untracked(play)
    timer = window.setInterval(play, REPEAT_MS)
  })
}
