/** A subject that an author wrote in JavaScript, or has not finished. */
import type { Subject } from './subject.ts'

type Kind = 'function' | 'object'

const REQUIRED: Partial<Record<keyof Subject, Kind>> = {
  create: 'function',
  model: 'object',
  request: 'object',
  generatedTokens: 'function',
}

const HOOKS: Partial<Record<keyof Subject, Kind>> = {
  resources: 'function',
  downloads: 'function',
  crash: 'function',
  earlier: 'object',
  faults: 'object',
}

/** Throws a TypeError that names every member that is missing, or is something else. */
export function requireSubject(subject: Subject): void {
  const given: Partial<Subject> = subject ?? {}
  const isOf = ([name, kind]: [string, Kind]): boolean => {
    const value = given[name as keyof Subject]
    return typeof value === kind && value !== null
  }
  const isGiven = ([name]: [string, Kind]): boolean => given[name as keyof Subject] !== undefined
  const wrong = [
    ...Object.entries(REQUIRED).filter((one) => !isOf(one)),
    ...Object.entries(HOOKS).filter((one) => isGiven(one) && !isOf(one)),
  ]
  if (wrong.length === 0) return
  const wanted = wrong.map(([name, kind]) => (kind === 'function' ? `${name}(), a function` : name))
  throw new TypeError(`engineChecks: the subject needs ${wanted.join('; ')}. See the doc comments of Subject.`)
}
