// What a reload would cost while the server is away. Where the browser allows a service worker (a secure address whose
// certificate it trusts) the page's files are on this computer; elsewhere the page says that it must not be reloaded.
import { computed, signal } from '@preact/signals'
import { lost_since } from './live'
import { keeping } from './keep'
import { outbox } from './outbox'

/** True once all files of this page are on this computer. */
export const files_kept = signal(false)

/** What would be gone after a reload now: the whole page, or lines that this browser could not keep. */
export const reload_loses = computed<'page' | 'lines' | null>(() => {
  if (keeping.value === 'memory' && outbox.value.length > 0) return 'lines'
  return lost_since.value !== 0 && !files_kept.value ? 'page' : null
})

const entryScript = () => new URL(document.querySelector<HTMLScriptElement>('script[type=module]')!.src).pathname

async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register('/sw.js')
  // A worker of these very files need not wait for the pages of an older one to close.
  const hurry = () => registration.waiting?.postMessage(entryScript())
  hurry()
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', hurry)
  })
  await navigator.serviceWorker.ready
  files_kept.value = (await caches.match(entryScript())) !== undefined
}

export function startOffline(): void {
  addEventListener('beforeunload', (event) => {
    if (reload_loses.peek()) event.preventDefault()
  })
  if (!('serviceWorker' in navigator)) return
  // After the first screen: its own files go first. Without a trusted certificate the browser refuses.
  const begin = () => void register().catch(() => undefined)
  if (document.readyState === 'complete') begin()
  else addEventListener('load', begin, { once: true })
}
