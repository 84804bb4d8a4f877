/** How a promise settles: "ok", or the error's class and code. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    const { name, code } = error as { name: string; code?: unknown }
    return `${name} ${code}`
  }
}
