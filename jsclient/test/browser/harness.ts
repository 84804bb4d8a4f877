/**
 * Real Chromium for tests: one browser a harness, one context a page, a loopback server, pages bundled from source.
 * Everything waits for events; nothing waits for time. `CHROMIUM` names another browser than the system's.
 */
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { ServerOptions, TestServer } from './server.ts'
import { startServer } from './server.ts'

export interface HarnessOptions extends ServerOptions {
  /** TypeScript modules by the path under which their bundle is served, such as "/page.js". */
  bundles?: Record<string, string>
  /** Let WebAssembly be compiled as for users: slower to load, quicker to run. Defaults to false. */
  optimize?: boolean
  /** More flags for Chromium, such as "--enable-unsafe-webgpu". */
  flags?: string[]
}

export interface Harness {
  readonly server: TestServer
  readonly browser: Browser
  /** A blank page of the server's origin in a context of its own, which is closed with the page. */
  open(): Promise<TestPage>
  close(): Promise<void>
}

export interface TestPage extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Uncaught errors of the page so far. */
  readonly errors: Error[]
  /** Calls an exported function of a served module with arguments and a result that are JSON. */
  call<Result>(module: string, name: string, ...args: unknown[]): Promise<Result>
}

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** WebAssembly is compiled once, quickly: most tests load models more often than they let them talk. */
const HASTY = '--js-flags=--liftoff-only'

export const chromiumPath: string = process.env.CHROMIUM ?? '/usr/bin/chromium'

export async function startHarness({
  bundles = {},
  flags = [],
  optimize = false,
  ...options
}: HarnessOptions): Promise<Harness> {
  const files = { ...options.files, ...(await bundle(bundles)) }
  const server = await startServer({ ...options, files })
  const browser = await chromium
    .launch({ executablePath: chromiumPath, args: [...QUIET, ...(optimize ? [] : [HASTY]), ...flags] })
    .catch(async (error) => {
      await server.close()
      throw error
    })
  return {
    server,
    browser,
    open: async () => openIn(await browser.newContext(), server.origin),
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/** Opens a blank page of an origin; the context goes with it. */
export async function openIn(context: BrowserContext, origin: string): Promise<TestPage> {
  const page = await context.newPage()
  const errors: Error[] = []
  page.on('pageerror', (error) => errors.push(error))
  await page.goto(origin)
  return {
    page,
    context,
    errors,
    call: (module, name, ...args) =>
      page.evaluate(
        async ([url, fn, values]) => {
          const exports = (await import(url)) as Record<string, (...args: unknown[]) => unknown>
          return (await exports[fn]?.(...values)) as never
        },
        [origin + module, name, args] as const,
      ),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Bundles each module with what it imports, npm packages included. */
async function bundle(bundles: Record<string, string>): Promise<Record<string, string>> {
  const built = Object.entries(bundles).map(async ([path, entry]) => {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      sourcemap: false,
      logLevel: 'error',
    })
    return [path, outputFiles[0]?.text ?? ''] as const
  })
  return Object.fromEntries(await Promise.all(built))
}
