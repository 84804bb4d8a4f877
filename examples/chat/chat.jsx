import { useChat } from '@ai-sdk/react'
import { EdgewiseChatTransport } from '@edgewise/client/ai'
import { useEffect, useState } from 'react'
import { makeClient } from './client.js'

export function Chat() {
  const [question, setQuestion] = useState()
  const [load, setLoad] = useState()
  const [note, setNote] = useState('')
  const [client] = useState(() => makeClient(setQuestion))
  const [transport] = useState(() => new EdgewiseChatTransport({ client, request: { max_tokens: 256, temperature: 0 } }))
  const { messages, sendMessage, stop, status, error } = useChat({
    transport,
    onData: ({ type, data }) => type === 'data-edgewise-progress' && setLoad(data),
    onFinish: () => setLoad(undefined),
  })
  const isBusy = status === 'submitted' || status === 'streaming'

  useEffect(() => {
    client
      .initialize()
      .then(() => client.preload(undefined, { onProgress: setLoad }))
      .then(({ name }) => setNote(`${name} is on this device.`))
      .catch(({ message }) => setNote(`No model on this device: ${message}`))
      .finally(() => setLoad(undefined))
    return () => void client.dispose()
  }, [client])

  function send(event) {
    event.preventDefault()
    if (isBusy) return
    sendMessage({ text: event.currentTarget.elements.message.value })
    event.currentTarget.reset()
  }

  return (
    <main>
      <h1>Chat</h1>
      {question && (
        <section aria-label="Download">
          <p>
            Shall {question.model.name} answer on this device? It is a download of {sizeOf(question.bytes)}.
          </p>
          <button type="button" onClick={() => question.answer(true)}>
            Download
          </button>
          <button type="button" onClick={() => question.answer(false)}>
            No, thanks
          </button>
        </section>
      )}
      {load && <progress aria-label="Load of the model" value={load.progress} />}
      <p role="status">{note}</p>
      <ol aria-label="Messages" aria-live="polite" aria-busy={isBusy}>
        {messages.map(({ id, role, parts, metadata }) => (
          <li key={id} className={role}>
            <p>{parts.map(({ type, text }) => type === 'text' && text)}</p>
            {role === 'assistant' && <small>{whence(metadata?.edgewise)}</small>}
          </li>
        ))}
      </ol>
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={send}>
        <label htmlFor="message">Message</label>
        <input id="message" autoComplete="off" required />
        <button type="submit" disabled={isBusy}>
          Send
        </button>
        <button type="button" disabled={!isBusy} onClick={stop}>
          Stop
        </button>
      </form>
    </main>
  )
}

/** Where an answer came from, and why; it has no route until it is complete. */
function whence(route) {
  if (!route) return ''
  const { source, reason, attempts } = route
  const where = source === 'browser' ? 'on this device' : 'on the server'
  if (attempts.at(-1).continued) return `on this device, went on at the server (${reason})`
  return attempts.length > 1 ? `${where}, after a failure (${reason})` : `${where} (${reason})`
}

function sizeOf(bytes) {
  return bytes === undefined ? 'unknown size' : `${(bytes / 1e6).toFixed(1)} MB`
}
