import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LoadPass } from '../../src/engine/load-gate.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { rejection, until } from '../client/setup.ts'
import { Disk, diskEngine, locksHeld, openTab, SIZE, settled, type Tab, withNavigator } from './tabs.ts'

const STALL_MS = 30_000

/** Whether a tab was let in, asked whenever. */
function watched(entering: Promise<LoadPass>): { pass?: LoadPass } {
  const seen: { pass?: LoadPass } = {}
  entering.then((pass) => {
    seen.pass = pass
  }, String)
  return seen
}

/** A load that has its engine, says so, and no more. */
async function begun(entering: Promise<LoadPass>): Promise<LoadPass> {
  const pass = await entering
  tell(pass, 0)
  return pass
}

/** So many bytes have come. */
function tell(pass: LoadPass, loadedBytes: number): void {
  pass.progress({ progress: loadedBytes / SIZE, stage: 'download', loadedBytes, totalBytes: SIZE })
}

/** Tells until it is heard: a tab may not listen yet. */
async function tellTo({ heard }: Tab, pass: LoadPass, loadedBytes: number): Promise<void> {
  await until(() => {
    tell(pass, loadedBytes)
    return heard.at(-1) === loadedBytes
  })
}

describe('two tabs, one download', () => {
  test('one downloads, the other hears of it and loads from disk', async (t) => {
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    const entering = follower.enter()
    await tellTo(follower, leading, 500_000)
    disk.fill()
    leading.loaded()
    const following = await entering
    assert.deepEqual([leader.heard, follower.heard.at(-1)], [[], 500_000])
    assert.deepEqual(await downloadLocks(), [], 'it needs none to load from disk')
    following.end()
  })

  test('nobody waits for a model that is on disk', async (t) => {
    const disk = new Disk()
    disk.fill()
    const [one, other] = [openTab(t, { disk }), openTab(t, { disk })]
    await one.enter()
    await other.enter()
    assert.deepEqual(await downloadLocks(), [])
  })

  test('the next in line downloads when the first one fails', async (t) => {
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    const entering = watched(follower.enter())
    await settled()
    assert.equal(entering.pass, undefined)
    leading.end()
    await until(() => entering.pass !== undefined)
    assert.deepEqual(await downloadLocks(), ['exclusive edgewise-download:fake:tiny'])
  })

  test('who waits can give up at once', async (t) => {
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    const gone = new AbortController()
    const entering = rejection(follower.enter({ signal: gone.signal }))
    await settled()
    const reason = new Error('gone')
    gone.abort(reason)
    assert.equal(await entering, reason)
    leading.end()
    await settled()
    assert.deepEqual(await locksHeld(), [], 'and stands in no line any more')
  })

  test('a signal that aborts while the engine is asked lets nobody in and keeps no lock', async (t) => {
    const disk = new Disk()
    const gone = new AbortController()
    const reason = new Error('gone')
    let asked = 0
    const engine = diskEngine(disk, {
      async status() {
        // The second time it has the lock.
        if (++asked === 2) gone.abort(reason)
        return 'absent'
      },
    })
    assert.equal(await rejection(openTab(t, { engine }).enter({ signal: gone.signal })), reason)
    await settled()
    assert.deepEqual(await locksHeld(), [])
  })

  test('dispose gives everything back', async (t) => {
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    await leader.enter()
    const entering = watched(follower.enter())
    leader.downloads.dispose()
    await until(() => entering.pass !== undefined)
    follower.downloads.dispose()
    await settled()
    assert.deepEqual(await locksHeld(), [])
  })
})

describe('a tab that downloads and is silent', () => {
  test('is followed for so long, then one follower takes over and the others follow it', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    const tabs = [openTab(t, { disk }), openTab(t, { disk }), openTab(t, { disk })] as const
    await clock.until(begun(tabs[0].enter()))
    const followers = tabs.slice(1).map((tab) => watched(tab.enter()))
    const inside = () => followers.filter(({ pass }) => pass)
    await clock.advance(STALL_MS - 1)
    assert.equal(inside().length, 0)
    await clock.advance(1)
    assert.equal(inside().length, 1)

    await clock.advance(STALL_MS - 1)
    const [substitute] = inside()
    assert.ok(substitute?.pass)
    tell(substitute.pass, 400_000)
    await clock.advance(STALL_MS - 1)
    assert.equal(inside().length, 1, 'the time starts again with what is heard')
    const other = tabs[followers.indexOf(substitute) === 0 ? 2 : 1]
    assert.equal(other.heard.at(-1), 400_000)

    disk.fill()
    substitute.pass.loaded()
    await clock.advance(0)
    assert.equal(inside().length, 2)
    assert.deepEqual(await downloadLocks(), ['exclusive edgewise-download:fake:tiny'])
  })

  test('twice over leaves everybody to themselves', async (t) => {
    using clock = VirtualClock.install()
    const tabs = Array.from({ length: 4 }, (_, i) => openTab(t, { disk: new Disk(), followStallMs: 10 + i }))
    const followers = tabs.map((tab) => watched(begun(tab.enter())))
    await clock.advance(100)
    assert.deepEqual(
      followers.filter(({ pass }) => !pass),
      [],
    )
  })

  test('may have the files on disk, so nothing is downloaded', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    await clock.until(begun(leader.enter()))
    const entering = watched(follower.enter())
    await clock.advance(0)
    // It compiles.
    disk.fill()
    await clock.advance(STALL_MS / 3)
    assert.ok(entering.pass)
    assert.deepEqual(await downloadLocks(), ['exclusive edgewise-download:fake:tiny'])
  })

  test('keeps nobody waiting for what another one has brought', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    const [hung, substitute, late] = [openTab(t, { disk }), openTab(t, { disk }), openTab(t, { disk })]
    await clock.until(begun(hung.enter()))
    const entering = watched(substitute.enter())
    await clock.advance(STALL_MS)
    assert.ok(entering.pass)
    const entered = watched(late.enter())
    await clock.advance(STALL_MS / 2)
    tell(entering.pass, 400_000)
    await clock.advance(0)
    disk.fill()
    entering.pass.loaded()
    await clock.advance(STALL_MS / 3)
    assert.ok(entered.pass)
  })

  test('gives signs of life until its load begins, for as long as its engine is busy', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await clock.until(leader.enter())
    const entering = watched(follower.enter())
    await clock.advance(10 * STALL_MS + 1000)
    assert.deepEqual([entering.pass, follower.heard.at(-1)], [undefined, undefined])
    assert.ok(follower.heard.length > 0, 'it is heard, though it has no bytes to tell of')
    tell(leading, 500_000)
    await clock.advance(STALL_MS - 1)
    assert.deepEqual([entering.pass, follower.heard.at(-1)], [undefined, 500_000])
    await clock.advance(1)
    assert.ok(entering.pass, 'one that has begun must go on by itself')
  })

  test('that took over repeats what it had heard', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    const [leader, next, last] = [openTab(t, { disk }), openTab(t, { disk }), openTab(t, { disk })]
    const leading = await clock.until(leader.enter())
    const taking = next.enter()
    await clock.advance(0)
    tell(leading, 500_000)
    await clock.advance(0)
    leading.end()
    await clock.until(taking)
    const entering = watched(last.enter())
    await clock.advance(2 * STALL_MS)
    assert.deepEqual([entering.pass, new Set(last.heard)], [undefined, new Set([500_000])])
  })

  for (const end of ['loaded', 'end', 'dispose'] as const) {
    test(`gives no sign after ${end}`, async (t) => {
      using clock = VirtualClock.install()
      const tab = openTab(t)
      const pass = await clock.until(tab.enter())
      assert.equal(clock.pending, 1)
      if (end === 'dispose') tab.downloads.dispose()
      else pass[end]()
      await clock.advance(0)
      assert.equal(clock.pending, 0)
    })
  }

  test('is waited for without end where that is wished', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    await clock.until(begun(openTab(t, { disk }).enter()))
    const entering = watched(openTab(t, { disk, followStallMs: 0 }).enter())
    await clock.advance(10 * STALL_MS)
    assert.equal(entering.pass, undefined)
  })

  test('is not revived by what makes no sense', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    await clock.until(begun(openTab(t, { disk }).enter()))
    const follower = openTab(t, { disk })
    const entering = watched(follower.enter())
    await clock.advance(STALL_MS - 1)
    const channel = new BroadcastChannel('edgewise-download:fake:tiny')
    t.after(() => channel.close())
    for (const nonsense of [null, 'text', {}, { progress: '0.5' }, { progress: 2 }, { progress: Number.NaN }]) {
      channel.postMessage(nonsense)
    }
    await clock.advance(1)
    assert.deepEqual([follower.heard, entering.pass !== undefined], [[], true])
  })
})

describe('what followers hear', () => {
  test('never falls, and drops what makes no sense', async (t) => {
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    void follower.enter().catch(() => {})
    await tellTo(follower, leading, 600_000)
    const channel = new BroadcastChannel('edgewise-download:fake:tiny')
    t.after(() => channel.close())
    channel.postMessage({ progress: 0.1, stage: 'download', loadedBytes: 100_000, totalBytes: SIZE })
    channel.postMessage({ progress: 0.7, stage: 'elsewhere', loadedBytes: 'many', totalBytes: -1 })
    await tellTo(follower, leading, SIZE)
    assert.deepEqual(
      follower.heard,
      follower.heard.toSorted((a = 0, b = 0) => a - b),
    )
  })
})

describe('a browser without', () => {
  test('Web Locks downloads in every tab', async (t) => {
    withNavigator(t, 'locks', undefined)
    const disk = new Disk()
    const [one, other] = [openTab(t, { disk }), openTab(t, { disk })]
    for (const pass of [await one.enter(), await other.enter()]) {
      pass.loaded()
      pass.end()
    }
  })

  test('leave to use its Web Locks downloads in every tab', async (t) => {
    const refuse = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'))
    withNavigator(t, 'locks', { request: refuse, query: refuse })
    const disk = new Disk()
    const [one, other] = [openTab(t, { disk }), openTab(t, { disk })]
    await one.enter()
    await other.enter()
  })

  test('channels follows in silence', async (t) => {
    const { BroadcastChannel } = globalThis
    Reflect.deleteProperty(globalThis, 'BroadcastChannel')
    t.after(() => {
      globalThis.BroadcastChannel = BroadcastChannel
    })
    const disk = new Disk()
    const [leader, follower] = [openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    const entering = follower.enter()
    tell(leading, 500_000)
    disk.fill()
    leading.loaded()
    await entering
    assert.deepEqual(follower.heard, [])
  })
})

async function downloadLocks(): Promise<string[]> {
  await settled()
  return (await locksHeld()).filter((name) => name.includes('edgewise-download'))
}
