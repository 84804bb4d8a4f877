/** The demo program, as its users run it: built once a test file, started on a free port, ended by its own process id. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../../..')
const modules = path.join(root, 'jsclient/node_modules')
const reference = path.join(root, 'examples/tinymodel/files/edgewise-tiny-v1/reference.json')

export interface DemoBuild extends AsyncDisposable {
  /** Starts the program with more flags. Its account ends with it, unless they say otherwise. */
  start(...flags: string[]): Promise<Demo>
}

export interface Demo extends AsyncDisposable {
  /** "http://localhost:port", as its first line says. */
  readonly origin: string
  /** Ends the program and waits for that. Idempotent. Fails if it did not end in good order. */
  stop(): Promise<void>
}

/** A prompt and the answer that the tiny model gives to it in every engine. */
export interface ReferencePrompt {
  id: string
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
  maxTokens: number
  text: string
  promptTokens: number
  completionTokens: number
  finishReason: string
}

export async function readReference(): Promise<{ chips: string[]; prompts: ReferencePrompt[] }> {
  return JSON.parse(await readFile(reference, 'utf8'))
}

export async function buildDemo(): Promise<DemoBuild> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-demo-'))
  const program = path.join(folder, 'demo')
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await promisify(execFile)('go', ['build', '-C', path.join(root, 'examples'), '-o', program, './demo'])
  } catch (error) {
    await remove()
    throw error
  }
  return {
    start: (...flags) => start(program, flags),
    [Symbol.asyncDispose]: remove,
  }
}

async function start(program: string, flags: string[]): Promise<Demo> {
  const child = spawn(program, ['-addr', '127.0.0.1:0', '-modules', modules, '-db', 'memory', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = exit(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /^Edgewise demo on (http:\/\/localhost:\d+)$/.exec(line)?.[1]
    if (!origin) throw new Error(`the demo says ${JSON.stringify(line)}`)
    const stop = async () => {
      child.kill('SIGTERM')
      const code = await exited
      if (code !== 0) throw new Error(`the demo ended with ${code}`)
    }
    return { origin, stop, [Symbol.asyncDispose]: stop }
  }
  throw new Error(`the demo ended with ${await exited} and said nothing`)
}

async function exit(child: ChildProcess): Promise<number | string> {
  const [code, signal] = await once(child, 'exit')
  return code ?? signal
}
