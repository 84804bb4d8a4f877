/** Which tokens a sampler doesn't pick: their scores become -Infinity. */

/** Rules out all but the `count` highest, and what equals the last of them. */
export function keepHighest(scores: Float32Array, count: number): void {
  const highest = new Float32Array(count).fill(Number.NEGATIVE_INFINITY) // rising
  const at = (i: number) => highest[i] as number
  for (const score of scores) {
    if (score <= at(0)) continue
    let i = 0
    for (; i + 1 < count && at(i + 1) < score; i++) highest[i] = at(i + 1)
    highest[i] = score
  }
  const least = at(0)
  scores.forEach((score, token) => {
    if (score < least) scores[token] = Number.NEGATIVE_INFINITY
  })
}

/** Nucleus sampling: rules out all but the likeliest tokens whose probabilities reach `topP`. */
export function keepNucleus(scores: Float32Array, topP: number): void {
  let highest = Number.NEGATIVE_INFINITY
  for (const score of scores) highest = Math.max(highest, score)
  const weights = Float64Array.from(scores, (score) => Math.exp(score - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  // Sorting the few that matter is enough: a token below this share can't belong to the nucleus of any vocabulary.
  const floor = (total * (1 - topP)) / scores.length
  const order: number[] = []
  weights.forEach((weight, token) => {
    if (weight >= floor) order.push(token)
  })
  order.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
  const kept = new Set<number>()
  let sum = 0
  for (const token of order) {
    kept.add(token)
    sum += weights[token] ?? 0
    if (sum >= topP * total) break
  }
  for (let token = 0; token < scores.length; token++) if (!kept.has(token)) scores[token] = Number.NEGATIVE_INFINITY
}
