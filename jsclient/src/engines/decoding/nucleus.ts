/** Nucleus sampling. */

/** Rules out all but the likeliest tokens whose probabilities reach `topP`: their scores become -Infinity. */
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
