/** A service worker that gives away what it is told. */
addEventListener('message', async ({ data, ports }: MessageEvent<{ text: string }>) => {
  await fetch('/leak', { method: 'POST', body: data.text })
  ports[0]?.postMessage('done')
})
