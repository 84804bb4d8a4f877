// The page is kept in the browser by a service worker. A newer version of it waits there, and takes over when the user
// wants it: then the page is loaded anew, with the answers on it gone.

import { showNotice } from './notices.js'

/** Registers the worker, looks for newer versions whenever the page is looked at, and offers them. */
export async function followShell() {
  const { serviceWorker } = navigator
  // A page that is not secure has none.
  if (!serviceWorker) return
  const wasKept = serviceWorker.controller !== null
  /** Somebody agreed on this page. */
  let agreed = false
  const reload = () => location.reload()
  /** @type {ServiceWorkerRegistration} */
  let registration
  try {
    registration = await serviceWorker.register('/sw.js')
  } catch {
    return // kept nothing: the page needs its server, as before
  }
  const offer = () => {
    const { waiting } = registration
    if (!waiting || !serviceWorker.controller || agreed) return
    showNotice('update', 'There is a newer version of this page.', {
      label: 'Load it',
      act() {
        agreed = true
        takeOver(waiting, reload)
      },
    })
  }
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer))
  offer()
  serviceWorker.addEventListener('controllerchange', () => {
    // What is fetched from now on is of another version than the page.
    if (wasKept && !agreed)
      showNotice('update', 'This page was updated in another tab.', { label: 'Reload', act: reload })
  })
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) registration.update().catch(() => {}) // without the server there is nothing newer
  })
}

/**
 * @param {ServiceWorker} worker
 * @param {() => void} reload
 */
function takeOver(worker, reload) {
  // Another tab may have had it take over already.
  if (worker.state !== 'installed') return reload()
  worker.addEventListener('statechange', () => {
    if (worker.state === 'activated') reload()
  })
  worker.postMessage('take over')
}
