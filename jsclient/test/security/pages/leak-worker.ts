/** A worker that gives away what it is told: itself, by a worker of its own, or by the name of a module. */
interface Order {
  text: string
  nested?: boolean
  /** A module to import. */
  url?: string
}

addEventListener('message', async ({ data }: MessageEvent<Order>) => {
  const { text, nested, url } = data
  if (nested) {
    const worker = new Worker('/leak-worker.js', { type: 'module' })
    worker.postMessage({ text })
    await new Promise((resolve) => worker.addEventListener('message', resolve))
  } else if (url) await import(url).catch(() => {})
  else await fetch('/leak', { method: 'POST', body: text })
  postMessage('done')
})
