// Prints what every entry weighs, as a table in Markdown: `npm run size`. With --lower it also lowers the ceilings of
// entries that are over their budgets to what they weigh, and raises none.
import { writeFile } from 'node:fs/promises'
import { bounds, boundsFile, measure } from './sizes.ts'

const rows = await measure()

if (process.argv.includes('--lower')) {
  for (const { entry, gzip } of rows) {
    const bound = bounds[entry]
    if (bound) bound.ceiling = Math.min(bound.ceiling, Math.max(bound.budget, Math.ceil(gzip / 100) / 10))
  }
  const lines = Object.entries(bounds).map(
    ([entry, { budget, ceiling }]) => `  "${entry}": { "budget": ${budget}, "ceiling": ${ceiling} }`,
  )
  await writeFile(boundsFile, `{\n${lines.join(',\n')}\n}\n`)
}

const kB = (bytes) => (bytes / 1000).toFixed(1)
const PARTS = { lazy: '… its lazy part', adapters: 'what adapters share' }
const names = rows.map(({ entry }) => PARTS[entry] ?? `\`@edgewise/client${entry.slice(1)}\``)
const width = Math.max(...names.map(({ length }) => length))
const line = ([name, ...figures]) =>
  `| ${name.padEnd(width)} | ${figures.map((cell) => cell.padStart(7)).join(' | ')} |`

console.log(line(['kB of 1,000 bytes', 'min', 'gzip -9', 'budget', 'ceiling']))
console.log(`|${'-'.repeat(width + 2)}|${'--------:|'.repeat(4)}`)
rows.forEach(({ entry, raw, gzip }, i) => {
  const { budget = '', ceiling = '' } = bounds[entry] ?? {}
  console.log(line([names[i], kB(raw), kB(gzip), String(budget), String(ceiling)]))
})
console.log('\nWhat an adapter shares with the core, its lazy part or other adapters counts there.')
