// What the detector found, and which of the registry's models this page could run.

import { byId, describe, element } from './dom.js'
import { gigabytes, size, yesNo } from './format.js'
import { offeredModel } from './offer.js'

/** @param {import('@edgewise/client').DeviceCapabilities | undefined} device */
export function showDevice(device) {
  if (!device) return
  describe(byId('device'), [
    [
      'WebGPU',
      withDetail(yesNo(device.hasWebGPU), [
        device.gpu?.vendor,
        device.gpu?.architecture,
        device.gpu?.isFallbackAdapter ? 'software' : undefined,
      ]),
    ],
    ['WebGL2', yesNo(device.hasWebGL2)],
    ['WebNN', yesNo(device.hasWebNN)],
    ['GPU tier', device.gpuTier ?? 'unknown'],
    ['Memory', gigabytes(device.deviceMemoryGB)],
    ['For a model', gigabytes(device.estimatedAvailableRAMGB)],
    ['Form', device.isMobile ? 'phone' : device.isTablet ? 'tablet' : device.isDesktop ? 'desktop' : 'unknown'],
    ['Browser', `${device.browserName ?? 'unknown'} ${device.browserVersion ?? ''}`],
    ['Storage left', size(device.storageQuotaMB === undefined ? undefined : device.storageQuotaMB * 2 ** 20)],
    ['Cores', String(device.hardwareConcurrency ?? '–')],
    ['Connection', device.connectionType ?? 'unknown'],
    ['Engines', device.engines?.join(', ') || 'none'],
  ])
}

/** What the list says now: it is written only when that changes. */
let shown = ''

/**
 * The models that this page could run.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 */
export function ownModels({ models, capabilities }) {
  return models.filter(({ framework, disabled }) => capabilities?.engines?.includes(framework) && !disabled)
}

/** @param {import('@edgewise/client').HybridInferenceClient} client */
export function showModels(client) {
  const mine = ownModels(client)
  const others = client.models.length - mine.length
  const rows = mine.map(({ id, name, sizeBytes }) => [
    name,
    [size(sizeBytes), offeredModel() === id ? 'offered' : client.modelStatus(id)?.status].filter(Boolean).join(', '),
  ])
  if (others > 0) rows.push(['', `${others} more in the catalogue, for engines or hubs that this page goes without`])
  if (shown === String(rows)) return
  shown = String(rows)
  byId('models').replaceChildren(
    ...rows.map(([name, detail]) =>
      element('li', {}, ...(name ? [element('span', {}, name)] : []), element('span', { class: 'why' }, detail ?? '')),
    ),
  )
}

/**
 * @param {string} text
 * @param {(string | undefined)[]} details
 */
function withDetail(text, details) {
  const known = details.filter(Boolean)
  return known.length > 0 ? `${text} (${known.join(', ')})` : text
}
