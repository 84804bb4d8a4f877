/** What both chats of the examples have to do, with the tiny model in the page and on the demo's server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { useDemo } from '../../browser/demo-fixture.ts'
import { openIn } from '../../browser/harness.ts'

/** Serves a chat at its own origin; the API and the models' files are at the one it is given. */
export type ServeChat = (api: string) => Promise<{ readonly url: string } & AsyncDisposable>

/** What says where an answer came from: empty until it is complete. */
const PLACE = 'small:not(:empty)'

/** A question whose answer fills the context window. */
const LONG = 'Write a poem about the sea.'

/** The tests of one chat. */
export function describeChat(name: string, serve: ServeChat): void {
  describe(name, { timeout: 180_000 }, () => {
    const run = useDemo()

    /** Opens the chat, perhaps with the model on the device; `says` is what its user says to the download. */
    async function open({ says }: { says: boolean }) {
      const server = await serve(run.demo.origin)
      const context = await run.harness.browser.newContext()
      await context.addInitScript(keepWorkers)
      const opened = await openIn(context, server.url)
      const { page } = opened
      const asked: string[] = []
      page.on('request', (request) => {
        if (request.url().endsWith('/chat/completions')) asked.push(request.postData() ?? '')
      })
      await page.getByRole('button', { name: says ? 'Download' : 'No, thanks' }).click()
      await page
        .getByRole('status')
        .getByText(says ? 'is on this device' : 'No model on this device')
        .waitFor()
      return {
        ...opened,
        asked,
        async [Symbol.asyncDispose]() {
          await opened[Symbol.asyncDispose]()
          await server[Symbol.asyncDispose]()
        },
      }
    }

    it('answers on the device, and the server hears nothing of it', async () => {
      await using chat = await open({ says: true })
      await say(chat.page, 'What is the capital of France?')
      assert.match(await placeOf(chat.page, 1), /^on this device \(optimal_for_browser\)$/)
      assert.deepEqual([chat.asked, chat.errors], [[], []])
    })

    it('goes on by the server where the engine dies in mid-answer, in the same message', async () => {
      await using chat = await open({ says: true })
      const before = await inMidAnswer(chat.page, 'kill', LONG)
      assert.match(await placeOf(chat.page, 1), /^on this device, went on at the server/)
      const text = (await answer(chat.page, 1).textContent()) ?? ''
      assert.ok(text.startsWith(before), `${JSON.stringify(text)} begins with ${JSON.stringify(before)}`)
      assert.equal(text.indexOf(before, 1), -1, 'nothing is said twice')
      assert.equal(await chat.page.getByRole('listitem').count(), 2)
      assert.equal(chat.asked.length, 1)
      assert.deepEqual(chat.errors, [])
    })

    it('answers by the server where the user wants no download', async () => {
      await using chat = await open({ says: false })
      await say(chat.page, 'What is the capital of France?')
      assert.match(await placeOf(chat.page, 1), /^on the server \(/)
      assert.equal(chat.asked.length, 1)
      assert.deepEqual(chat.errors, [])
    })

    for (const says of [true, false]) {
      it(`is stopped in mid-answer ${says ? 'on the device' : 'by the server'}, and answers again`, async () => {
        await using chat = await open({ says })
        const before = await inMidAnswer(chat.page, 'stop', LONG)
        await chat.page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
        assert.equal(await chat.page.locator(PLACE).count(), 0)
        assert.ok((await answer(chat.page, 1).textContent())?.startsWith(before), 'what there was is still there')
        assert.equal(await chat.page.locator('[role=alert]:not(:empty)').count(), 0)
        await say(chat.page, 'What is the capital of France?')
        assert.match(await placeOf(chat.page, 3), says ? /^on this device/ : /^on the server/)
        assert.deepEqual(chat.errors, [])
      })
    }
  })
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

function answer(page: Page, index: number) {
  return page.getByRole('listitem').nth(index)
}

/** Waits for the end of an answer. */
async function placeOf(page: Page, index: number): Promise<string> {
  return (await answer(page, index).locator(PLACE).textContent()) ?? ''
}

/** Says something, and ends the answer in some way as soon as there are 20 characters of it. Resolves with what there was. */
async function inMidAnswer(page: Page, does: 'kill' | 'stop', words: string): Promise<string> {
  const ended = endAnswer(page, does)
  await say(page, words)
  return ended
}

/** It looks at the first answer, from now on. */
function endAnswer(page: Page, does: 'kill' | 'stop'): Promise<string> {
  return page.evaluate(async (does) => {
    const list = document.querySelector('ol') as HTMLElement
    const text = () => (list.children.length > 1 && list.lastElementChild?.textContent) || ''
    return new Promise<string>((resolve) => {
      const look = () => {
        if (text().length < 20) return
        observer.disconnect()
        if (does === 'kill')
          for (const worker of (window as unknown as { workers: Worker[] }).workers) worker.terminate()
        else for (const button of document.querySelectorAll('button')) if (button.textContent === 'Stop') button.click()
        resolve(text())
      }
      const observer = new MutationObserver(look)
      observer.observe(list, { subtree: true, childList: true, characterData: true })
      look()
    })
  }, does)
}

/** Runs in the page, before its scripts. */
function keepWorkers(): void {
  const workers: Worker[] = []
  const Real = globalThis.Worker
  globalThis.Worker = class extends Real {
    constructor(...given: ConstructorParameters<typeof Real>) {
      super(...given)
      workers.push(this)
    }
  }
  Object.assign(globalThis, { workers })
}
