import type { GPUInfo, GPUTier } from '../wire.ts'

/** A row of the tier table: the first row that matches a name gives its tier. */
export type GPUTierRule = readonly [pattern: RegExp, tier: GPUTier]

/**
 * GPU tiers by name: a WebGL renderer's, or a WebGPU adapter's "vendor architecture" under the names of Dawn's
 * gpu_info.json, which are coarser since one architecture covers large and small chips.
 *
 * Decoding a language model reads every weight for every token, so tiers follow memory bandwidth, roughly: high from
 * 200 GB/s, medium from 60, low below; none is a processor that draws in software. What the seed's sketch put in a class
 * stays there (RTX, Apple Pro and Max, Radeon RX 6000 and 7000 are high; GTX, plain Apple M, Radeon RX 400 to 5000
 * medium; integrated graphics low), refined where one name covers integrated and discrete chips.
 */
export const GPU_TIERS: readonly GPUTierRule[] = [
  [/swiftshader|llvmpipe|lavapipe|softpipe|software|\bwarp|basic render/i, 'none'],

  [/RTX|TITAN|NVIDIA [AHL]\d{2,3}\b|ampere|lovelace|hopper|blackwell/i, 'high'],
  [/GeForce (GT |MX|[2-9]\d\d[AM]?X?\b|8800)|GTX [4-8]\d\d\b|Tegra|maxwell|kepler|fermi/i, 'low'],
  [/GTX|Quadro|turing|volta|pascal/i, 'medium'],

  [/RX ?[679]\d{3}|Radeon (PRO W[67]|80[56]0S|VII)|rdna-[4-9]/i, 'high'],
  [/RX ?(Vega [56]|[45]\d\d)|Radeon Pro\b|\bR9\b|Radeon(\(TM\))? (6[68]|7[468]|8[4-9])0M|rdna/i, 'medium'],
  [/Radeon|\bAMD\b/i, 'low'],

  [/Apple M\d+ (Pro|Max|Ultra)/, 'high'],
  [/Apple M\d|^apple (metal|common)/, 'medium'],
  [/Apple A\d/, 'low'],

  // Firefox calls every Arc "A750, or similar", the integrated ones too.
  [/Arc\S* [AB][57]\d\d\b(?!.*similar)/i, 'high'],
  [/\bArc\b|gen-12-?hp|xe-hpg|xe-?[2-9]/i, 'medium'],
  [/\bIntel\b/i, 'low'],

  [/Adreno ?(\(TM\))?[ -]?(X\d|7[45]\d|[89]\wx?)|Immortalis|Mali-G(7[2-9]|9\d)\d|Xclipse 9[4-9]/i, 'medium'],
  [/Adreno|Mali|Xclipse|PowerVR|VideoCore|Vivante|valhall|bifrost|midgard|img-?tec/i, 'low'],
]

/** The tier of a GPU by its name; undefined when the name is not known, as the "Apple GPU" of Safari. */
export function namedTier(name: string | undefined): GPUTier | undefined {
  return name ? GPU_TIERS.find(([pattern]) => pattern.test(name))?.[1] : undefined
}

/** What the probes found out. */
export interface GPUEvidence {
  hasWebGPU?: boolean | undefined
  hasWebGL2?: boolean | undefined
  /** WebGL renderer. */
  renderer?: string | undefined
  gpu?: GPUInfo | undefined
}

/**
 * The tier of this device's GPU: by the renderer's name; by the adapter where that name is unknown, stands for a whole
 * class (Firefox's "…, or similar") or is a software renderer's beside a real adapter. A software adapter is `none`
 * whatever draws. Undefined when nothing is known.
 */
export function gpuTier({ hasWebGPU, hasWebGL2, renderer, gpu }: GPUEvidence): GPUTier | undefined {
  if (gpu?.isFallbackAdapter || (hasWebGPU === false && hasWebGL2 === false)) return 'none'
  const byRenderer = namedTier(renderer)
  if (byRenderer && byRenderer !== 'none' && !renderer?.includes('or similar')) return byRenderer
  return namedTier(gpu && `${gpu.vendor ?? ''} ${gpu.architecture ?? ''}`) ?? byRenderer
}
