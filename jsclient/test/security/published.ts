/** A row of the table of policies. */
export interface PublishedPolicy {
  /** With its setting, such as "wllama" or "transformers by default". */
  engine: string
  policy: string
}

/** Reads the table out of the page that users read: `| \`engine\` in some setting | \`policy\` |`. */
export function publishedPolicies(markdown: string): PublishedPolicy[] {
  const [, section = ''] = markdown.split(/^## Content-Security-Policy$/m)
  const [table = ''] = section.split(/^## /m)
  const rows = [...table.matchAll(/^\| (`[^|]*?) *\| `([^`]+)` *\|/gm)]
  if (rows.length === 0) throw new Error('the table of policies is gone')
  return rows.map(([, engine = '', policy = '']) => ({ engine: engine.replaceAll('`', ''), policy }))
}
