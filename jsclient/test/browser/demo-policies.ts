/** Policies that the demo does not have, put into the snapshot on its way to the page. */
import type { Page, Route } from 'playwright-core'
import type { PolicySpec, Snapshot } from '../../src/wire.ts'

/** A policy that only the server can evaluate, and that may say anything: with it the page asks about each request. */
const SERVER_ONLY: PolicySpec = { name: 'acme.word', opaque: true }

const POLICY = '**/api/v1/browser/policy'

/** Adds policies to every snapshot; by default one by which the server has the last word. */
export async function addPolicies(page: Page, policies: readonly PolicySpec[] = [SERVER_ONLY]): Promise<void> {
  await page.context().route(POLICY, (route) => change(route, policies))
}

/** Has the server asked once: its answer names another revision than the page has, which then fetches that one. */
export async function askOnce(page: Page): Promise<void> {
  await page.context().route(POLICY, (route) => change(route, [SERVER_ONLY], { revision: 'before' }), { times: 1 })
}

async function change(route: Route, more: readonly PolicySpec[], over: Partial<Snapshot> = {}): Promise<void> {
  const response = await route.fetch()
  const { etag: _, ...headers } = response.headers()
  const snapshot: Snapshot = await response.json()
  await route.fulfill({ response, headers, json: { ...snapshot, ...over, policies: [...snapshot.policies, ...more] } })
}
