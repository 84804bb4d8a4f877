/** Name and message of whatever was thrown: an Error, a DOMException, a "Name: message" string, a number. */
export function describe(thrown: unknown): { name: string; message: string } {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    const name = 'name' in thrown && typeof thrown.name === 'string' ? thrown.name : 'Error'
    return { name, message: String(thrown.message) }
  }
  const text = String(thrown)
  const match = /^([A-Z]\w*(?:Error|Exception)): ([\s\S]*)$/.exec(text)
  return match ? { name: match[1] ?? 'Error', message: match[2] ?? '' } : { name: 'Error', message: text }
}
