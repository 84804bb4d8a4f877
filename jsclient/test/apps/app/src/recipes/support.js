// snippet:begin
export async function forSupport(client) {
  const debug = await client.debug()
  return JSON.stringify(debug, null, 2) // for the clipboard, or a file
}

export async function howItWent(client) {
  const { routes, reportsWaiting } = await client.debug()
  const answers = routes.flatMap(({ answer }) => answer ?? [])
  const here = answers.filter(({ source }) => source === 'browser')
  return { answers: answers.length, here: here.length, unreported: reportsWaiting }
}
// snippet:end
