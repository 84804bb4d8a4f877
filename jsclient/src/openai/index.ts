/**
 * A `fetch` by which clients that speak OpenAI's API are answered in the page or by the server, as policies decide.
 *
 * @example
 * const openai = new OpenAI({ fetch: openaiFetch(client), apiKey: 'unused', baseURL: 'https://edgewise.invalid/v1' })
 */
export { type OpenAIClient, openaiFetch } from './fetch.ts'
