// Run in a process of its own by import.test.ts: imports one built file while every global that only pages and workers
// should touch is a trap, and prints what was touched.
import { readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'

const [file, worker] = process.argv.slice(2)
const touched = []

const trapped = [
  ...['window', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage', 'indexedDB', 'caches', 'crypto'],
  ...['Worker', 'SharedWorker', 'BroadcastChannel', 'MessageChannel', 'WebSocket', 'XMLHttpRequest', 'OffscreenCanvas'],
  ...['fetch', 'setTimeout', 'setInterval', 'queueMicrotask', 'addEventListener', 'postMessage', 'self'],
]
// A worker entry may do what it is there for: listen, and hold the lock by which the page knows that it lives.
const allowed = worker === 'worker' ? ['self', 'navigator', 'crypto'] : []
for (const name of trapped.filter((name) => !allowed.includes(name))) {
  const value = globalThis[name]
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => {
      touched.push(name)
      return value
    },
    set: () => touched.push(`${name} =`),
  })
}
if (worker === 'worker') {
  const self = { postMessage() {}, addEventListener() {}, removeEventListener() {} }
  Object.defineProperty(globalThis, 'self', { value: self, configurable: true })
}

// The engines are not what is tested: they touch whatever they like.
const text = await readFile(new URL(file), 'utf8')
registerHooks({
  resolve: (specifier, context, next) =>
    /^[.a-z]+:|^\./.test(specifier) ? next(specifier, context) : { url: `peer:${specifier}`, shortCircuit: true },
  load: (url, context, next) =>
    url.startsWith('peer:') ? { format: 'module', source: peer(), shortCircuit: true } : next(url, context),
})

/** A module with every name that the file imports from a package. */
function peer() {
  const names = [...text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"[^."]/g)]
    .flatMap(([, list]) => list.split(','))
    .map((item) => item.trim().split(' as ')[0])
  return [...new Set(names)].map((name) => `export class ${name} {}`).join('\n')
}

const before = Object.getOwnPropertyNames(globalThis)
touched.length = 0
await import(file)
const after = Object.getOwnPropertyNames(globalThis)
touched.push(...after.filter((name) => !before.includes(name)).map((name) => `new global ${name}`))
process.stdout.write(JSON.stringify(touched))
