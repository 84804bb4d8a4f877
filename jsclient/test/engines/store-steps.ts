/** What the tests of both engines that keep files in the Cache API ask of them in Chromium. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { TestPage } from '../browser/harness.ts'
import { openIn } from '../browser/harness.ts'
import type { Kind, Wish } from './pages/store-page.ts'
import { reference } from './reference.ts'
import type { StoreHarness } from './store-harness.ts'
import { startStoreHarness, tinyFile } from './store-harness.ts'

const PAGE = '/page.js'
const GRAPH = 'onnx/model_quantized.onnx'
const SMALL = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json']

export function testStore(kind: Kind): void {
  let harness: StoreHarness
  let expected: string
  let graphBytes: number
  before(async () => {
    harness = await startStoreHarness()
    expected = reference('hello').text
    graphBytes = (await tinyFile(GRAPH)).length
  })
  after(() => harness.close())

  const open = async (from?: TestPage) => {
    const opened = await (from ? openIn(from.context, harness.server.origin) : harness.open())
    await opened.call(PAGE, 'make', kind)
    harness.takeSent()
    const ask = <T>(method: string, wish: Wish = {}) => opened.call<T>(PAGE, 'ask', method, wish)
    return Object.assign(opened, {
      status: (wish: Wish = {}) => opened.call<string>(PAGE, 'status', wish),
      missing: (wish?: Wish) => ask<number | undefined>('missingBytes', wish),
      stored: (wish?: Wish) => ask<number>('storedBytes', wish),
      remove: (wish?: Wish) => ask<void>('remove', wish),
      removeOld: (wish?: Wish) => ask<void>('removeOld', wish),
      bodies: () => opened.call<Record<string, number>>(PAGE, 'bodies'),
      async says(wish: Wish = {}) {
        assert.equal(await opened.call<string>(PAGE, 'say', wish), expected)
      },
    })
  }
  const sum = (sizes: Record<string, number>) => Object.values(sizes).reduce((all, size) => all + size, 0)
  const under = (folder: string, sizes: Record<string, number>) =>
    Object.keys(sizes).filter((path) => path.startsWith(`/files/${folder}/`))

  test('tells what a load would fetch, and what it has stored', async () => {
    await using page = await open()
    assert.deepEqual([await page.status(), await page.stored()], ['absent', 0])
    const missing = await page.missing()
    assert.ok((missing ?? 0) > graphBytes, `${missing} bytes`)
    assert.deepEqual(under('v1', harness.takeSent()), ['/files/v1/config.json'], 'it read but the list')
    assert.deepEqual(await page.bodies(), {}, 'and stored nothing')
    await page.says()
    const bodies = await page.bodies()
    assert.deepEqual(
      [await page.status(), await page.missing(), await page.stored(), sum(bodies)],
      ['cached', 0, missing, missing],
    )
    assert.equal(await page.missing({ folder: 'nowhere' }), undefined)
  })

  test('removes a model, and nothing else', async () => {
    await using page = await open()
    await page.says({ id: 'one', folder: 'v1' })
    await page.says({ id: 'two', folder: 'v2' })
    await page.call(PAGE, 'putOwn', '/files/v1/own.txt')
    for (let times = 0; times < 2; times++) await page.remove({ id: 'one', folder: 'v1' })
    const bodies = await page.bodies()
    assert.deepEqual(under('v1', bodies), ['/files/v1/own.txt'])
    assert.equal(await page.status({ id: 'one', folder: 'v1' }), 'absent')
    assert.equal(await page.stored({ id: 'one', folder: 'v1' }), 0)
    harness.takeSent()
    assert.equal(await page.status({ id: 'two', folder: 'v2' }), 'cached')
    assert.equal(await page.stored({ id: 'two', folder: 'v2' }), sum(bodies) - 'mine'.length)
    await page.says({ id: 'two', folder: 'v2' })
    assert.deepEqual(harness.takeSent(), {})
    await page.says({ id: 'one', folder: 'v1' })
  })

  test('removes files that two models have with the last of them', async () => {
    await using page = await open()
    await page.says({ id: 'one' })
    const bytes = await page.stored({ id: 'one' })
    harness.takeSent()
    await page.says({ id: 'two', dtype: 'q4' })
    assert.deepEqual(Object.keys(harness.takeSent()), ['/files/v1/onnx/model_q4.onnx'])
    assert.equal(await page.stored({ id: 'two' }), bytes)
    await page.remove({ id: 'one' })
    assert.equal(await page.status({ id: 'two', dtype: 'q4' }), 'cached')
    assert.deepEqual([await page.stored({ id: 'one' }), await page.stored({ id: 'two' })], [0, bytes])
    assert.equal(await page.missing({ id: 'one' }), graphBytes)
    await page.remove({ id: 'two' })
    assert.deepEqual(await page.bodies(), {})
  })

  test("removes what is a model's no more", async () => {
    await using page = await open()
    await page.says({ folder: 'v1' })
    await page.says({ folder: 'v2' })
    await page.says({ id: 'other', folder: 'v3' })
    await page.call(PAGE, 'putOwn', '/files/v1/own.txt')
    const bytes = await page.stored()
    await page.removeOld({ folder: 'v2' })
    const bodies = await page.bodies()
    assert.deepEqual(under('v1', bodies), ['/files/v1/own.txt'])
    assert.equal(under('v2', bodies).length, under('v3', bodies).length)
    assert.ok((await page.stored()) < bytes)
    assert.equal(await page.status({ folder: 'v2' }), 'cached')

    // Another quantization: the same tokenizer, another graph.
    await page.says({ folder: 'v2', dtype: 'q4' })
    await page.removeOld({ folder: 'v2', dtype: 'q4' })
    const graphs = under('v2', await page.bodies()).filter((path) => path.includes('/onnx/'))
    assert.deepEqual(graphs, ['/files/v2/onnx/model_q4.onnx'])
    assert.equal(await page.missing({ folder: 'v2', dtype: 'q4' }), 0)
    harness.takeSent()
    await page.says({ id: 'other', folder: 'v3' })
    assert.deepEqual(harness.takeSent(), {})
  })

  test('fetches again what was damaged on the disk, in the same load, if its checksum is known', async () => {
    const sha256 = {
      [GRAPH]: createHash('sha256')
        .update(await tinyFile(GRAPH))
        .digest('hex'),
    }
    await using page = await open()
    for (const wish of [{ folder: 'v1', sha256 }, { folder: 'v2' }]) {
      await page.says(wish)
      await page.call(PAGE, 'corrupt', `/files/${wish.folder}/${GRAPH}`)
      harness.takeSent()
      // Stored before the registry had it, or checked and then damaged.
      await page.says({ ...wish, sha256 })
      assert.deepEqual(harness.takeSent(), { [`/files/${wish.folder}/${GRAPH}`]: graphBytes })
      await page.says({ ...wish, sha256 })
      assert.deepEqual(harness.takeSent(), {})
    }
    const changed = { folder: 'v1', sha256: { [GRAPH]: '0'.repeat(64) } }
    assert.deepEqual([await page.status(changed), await page.missing(changed)], ['absent', graphBytes])
  })

  test('fails by damage of which nobody has a checksum, and fetches the model again at the next load', async () => {
    await using page = await open()
    await page.says()
    await page.call(PAGE, 'corrupt', `/files/v1/${GRAPH}`)
    assert.equal(await page.call(PAGE, 'say'), 'invalid_files')
    await page.says()
  })

  describe('a download that is broken off half-way goes on with the file that it lacks', () => {
    const resumes = async (page: Awaited<ReturnType<typeof open>>) => {
      harness.takeSent()
      assert.equal(await page.status(), 'absent')
      assert.ok((await page.stored()) > 0)
      await page.says()
      assert.deepEqual(harness.takeSent(), { [`/files/v1/${GRAPH}`]: graphBytes })
      assert.equal(await page.missing(), 0)
    }
    const begin = async (page: Awaited<ReturnType<typeof open>>) => {
      let stored: Record<string, number> = {}
      const half = harness.holdGraph()
      await page.call(PAGE, 'startLoad')
      await half
      // Transformers.js fetches the small files beside the graph.
      const small = SMALL.map((name) => `/files/v1/${name}`)
      while (!small.every((path) => path in stored)) stored = await page.bodies()
    }

    test('when it is aborted', async () => {
      await using page = await open()
      await begin(page)
      assert.match(await page.call(PAGE, 'abortLoad'), /AbortError: not now/)
      await resumes(page)
    })

    test('when its tab is closed', async () => {
      await using first = await open()
      await begin(first)
      const second = await open(first)
      await first.page.close()
      await resumes(second)
    })
  })

  test('stops when its signal says so', async () => {
    await using page = await open()
    await page.says()
    for (const method of ['missingBytes', 'storedBytes', 'remove', 'removeOld']) {
      for (const late of [false, true]) {
        assert.equal(await page.call(PAGE, 'askAborted', method, late), 'Error: no', method)
      }
    }
  })
}
