// The service worker: the page's own files on this computer, so that a reload while the server is away shows the page
// with its last picture. It holds files alone: an answer of the server is never kept here, nor given twice.
//
//   install    all files or none; a worker that lacks one is not installed
//   waiting    until no page of the old worker is open, or a page of the new files asks for it
//   activate   what older workers kept goes
//
// The page itself is asked of the server first, so that a new server brings its new page; a file whose name
// changes with its content comes from here.

/** Made by tools/worker.mjs: what was built, and a name for just that. */
declare const FILES: readonly string[]
declare const BUILD: string

const worker = self as unknown as ServiceWorkerGlobalScope

const PREFIX = 'cordon-page-'
const NAME = PREFIX + BUILD
const ASK_MS = 3_000

async function keepAll(): Promise<void> {
  const cache = await caches.open(NAME)
  // The page must be the server's present one; the browser may have the other files already.
  await cache.addAll(FILES.map((path) => new Request(path, { cache: path === '/' ? 'no-cache' : 'default' })))
}

async function dropOlder(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)))
  await worker.clients.claim()
}

/** The server's page, or the kept one when nobody answers soon. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match('/')
  try {
    return await fetch(request, kept ? { signal: AbortSignal.timeout(ASK_MS) } : {})
  } catch (error) {
    if (kept) return kept
    throw error
  }
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request)
}

worker.addEventListener('install', (event) => event.waitUntil(keepAll()))
worker.addEventListener('activate', (event) => event.waitUntil(dropOlder()))

worker.addEventListener('message', (event: ExtendableMessageEvent) => {
  // A page that was built with these files runs already: the older ones serve nobody here.
  if (FILES.includes(String(event.data))) void worker.skipWaiting()
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== worker.location.origin) return
  if (request.mode === 'navigate' && pathname === '/') event.respondWith(page(request))
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
})
