import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type GPUEvidence, gpuTier, namedTier } from '../../src/capability/gpu-tier.ts'
import type { GPUTier } from '../../src/wire.ts'

const d3d = (vendor: string, name: string): string =>
  `ANGLE (${vendor}, ${name} (0x00001234) Direct3D11 vs_5_0 ps_5_0, D3D11-27.20.870.0)`

describe('by WebGL renderer', () => {
  const cases: Record<GPUTier | 'unknown', string[]> = {
    none: [
      'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)',
      'Google SwiftShader',
      'llvmpipe (LLVM 15.0.7, 256 bits)',
      'llvmpipe, or similar',
      d3d('Microsoft', 'Microsoft Basic Render Driver'),
      'Apple Software Renderer',
    ],
    high: [
      d3d('NVIDIA', 'NVIDIA GeForce RTX 4090'),
      d3d('NVIDIA', 'NVIDIA GeForce RTX 3050 Laptop GPU'),
      'NVIDIA Corporation, NVIDIA GeForce RTX 3070/PCIe/SSE2',
      'NVIDIA A100-SXM4-40GB/PCIe/SSE2',
      'ANGLE (Apple, ANGLE Metal Renderer: Apple M1 Pro, Unspecified Version)',
      'ANGLE (Apple, ANGLE Metal Renderer: Apple M4 Max, Unspecified Version)',
      'Apple M2 Ultra',
      d3d('AMD', 'AMD Radeon RX 6700 XT'),
      d3d('AMD', 'AMD Radeon RX 7900 XTX'),
      'AMD Radeon RX 9070 XT (radeonsi, gfx1201, LLVM 20.1.0, DRM 3.61)',
      d3d('AMD', 'AMD Radeon(TM) 8060S Graphics').replace('Radeon(TM) 8060S', 'Radeon 8060S'),
      d3d('Intel', 'Intel(R) Arc(TM) A770 Graphics'),
      d3d('Intel', 'Intel(R) Arc(TM) B580 Graphics'),
    ],
    medium: [
      'ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)',
      'Apple M3',
      'Apple M1, or similar',
      d3d('NVIDIA', 'NVIDIA GeForce GTX 1660 Ti'),
      'ANGLE (NVIDIA, NVIDIA GeForce GTX 980 Direct3D11 vs_5_0 ps_5_0), or similar',
      d3d('NVIDIA', 'Quadro P2000'),
      d3d('AMD', 'Radeon RX 580 Series'),
      d3d('AMD', 'AMD Radeon RX 5700 XT'),
      d3d('AMD', 'AMD Radeon 780M Graphics'),
      d3d('AMD', 'AMD Radeon(TM) 680M Graphics'),
      d3d('AMD', 'AMD Radeon(TM) 890M Graphics'),
      'AMD Radeon Pro 5500M OpenGL Engine',
      'Radeon R9 200 Series, or similar',
      d3d('Intel', 'Intel(R) Arc(TM) Graphics'),
      d3d('Intel', 'Intel(R) Arc(TM) 140V GPU (16GB)'),
      d3d('Intel', 'Intel(R) Arc(TM) A380 Graphics'),
      'ANGLE (Intel, Intel(R) Arc(TM) A750 Graphics Direct3D11 vs_5_0 ps_5_0), or similar',
      'Adreno (TM) 750',
      'ANGLE (Qualcomm, Adreno (TM) 830, OpenGL ES 3.2 V@0800.0)',
      d3d('Qualcomm', 'Qualcomm(R) Adreno(TM) X1-85 GPU'),
      'Mali-G720-Immortalis MC12',
      'Immortalis-G925',
      'ANGLE (Samsung Xclipse 940) on Vulkan 1.3.279',
    ],
    low: [
      d3d('Intel', 'Intel(R) UHD Graphics 620'),
      d3d('Intel', 'Intel(R) Iris(R) Xe Graphics'),
      'ANGLE (Intel, Mesa Intel(R) HD Graphics 520 (SKL GT2), OpenGL 4.6)',
      'Intel(R) HD Graphics 400, or similar',
      d3d('AMD', 'AMD Radeon(TM) Graphics'),
      d3d('AMD', 'AMD Radeon(TM) Vega 8 Graphics'),
      'Radeon HD 5850, or similar',
      d3d('NVIDIA', 'NVIDIA GeForce MX150'),
      d3d('NVIDIA', 'NVIDIA GeForce GT 710'),
      d3d('NVIDIA', 'NVIDIA GeForce 940MX'),
      d3d('NVIDIA', 'NVIDIA GeForce GTX 750 Ti'),
      'GeForce 8800 GTX, or similar',
      'NVIDIA Tegra',
      'Adreno (TM) 650',
      'Adreno (TM) 619',
      d3d('Qualcomm', 'Qualcomm(R) Adreno(TM) 680 GPU'),
      'Mali-G52',
      'Mali-G78',
      'ANGLE (Samsung Xclipse 530) on Vulkan 1.3.264',
      'PowerVR Rogue GE8320',
      'Apple A12 GPU',
    ],
    unknown: ['Apple GPU', 'WebKit WebGL', 'Mozilla', 'Generic Renderer', 'virgl', ''],
  }
  for (const [tier, names] of Object.entries(cases)) {
    for (const name of names) test(`${tier}: ${name}`, () => assert.equal(namedTier(name) ?? 'unknown', tier))
  }
})

describe('by WebGPU adapter', () => {
  const cases: [vendor: string, architecture: string, tier: GPUTier | undefined][] = [
    ['google', 'swiftshader', 'none'],
    ['mesa', 'software', 'none'],
    ['microsoft', 'warp', 'none'],
    ['nvidia', 'lovelace', 'high'],
    ['nvidia', 'ampere', 'high'],
    ['nvidia', 'turing', 'medium'],
    ['nvidia', 'maxwell', 'low'],
    ['nvidia', '', undefined],
    ['amd', 'rdna-3', 'medium'],
    ['amd', 'rdna-4', 'high'],
    ['amd', 'gcn-5', 'low'],
    ['apple', 'metal-3', 'medium'],
    ['apple', 'common-3', 'medium'],
    ['apple', '', undefined],
    ['intel', 'gen-9', 'low'],
    ['intel', 'gen-12-lp', 'low'],
    ['intel', 'gen-12-hp', 'medium'],
    ['intel', 'xe-2-lpg', 'medium'],
    ['qualcomm', 'adreno-8xx', 'medium'],
    ['qualcomm', 'adreno-7xx', 'low'],
    ['arm', 'valhall', 'low'],
    ['img-tec', '', 'low'],
    ['', '', undefined],
  ]
  for (const [vendor, architecture, tier] of cases) {
    test(`${vendor} ${architecture}: ${tier}`, () => {
      assert.equal(gpuTier({ hasWebGPU: true, gpu: { vendor, architecture } }), tier)
    })
  }
})

describe('of the device', () => {
  const swiftShader = 'Google SwiftShader'
  const cases: [name: string, evidence: GPUEvidence, tier: GPUTier | undefined][] = [
    ['nothing was found out', {}, undefined],
    ['neither interface is there', { hasWebGPU: false, hasWebGL2: false }, 'none'],
    ['WebGPU did not answer', { hasWebGL2: false }, undefined],
    [
      'the renderer is finer than the adapter',
      { renderer: 'Apple M3 Max', gpu: { vendor: 'apple', architecture: 'metal-3' } },
      'high',
    ],
    [
      'the renderer hides its name',
      { renderer: 'Apple GPU', gpu: { vendor: 'apple', architecture: 'metal-3' } },
      'medium',
    ],
    [
      'the renderer stands for a class',
      { renderer: 'GeForce GTX 980, or similar', gpu: { vendor: 'nvidia', architecture: 'lovelace' } },
      'high',
    ],
    ['it does, and the adapter is silent', { renderer: 'GeForce GTX 980, or similar', gpu: {} }, 'medium'],
    ['a software adapter beside a real renderer', { renderer: 'Apple M3', gpu: { isFallbackAdapter: true } }, 'none'],
    [
      'a real adapter beside a software renderer',
      { renderer: swiftShader, gpu: { vendor: 'nvidia', architecture: 'ampere' } },
      'high',
    ],
    ['a software renderer alone', { hasWebGPU: false, hasWebGL2: true, renderer: swiftShader }, 'none'],
  ]
  for (const [name, evidence, tier] of cases) test(name, () => assert.equal(gpuTier(evidence), tier))
})
