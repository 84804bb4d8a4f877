// A badge: where a request runs, and why.

/** @typedef {'idle' | 'running' | 'done' | 'error'} BadgeState */

/**
 * @param {HTMLElement} badge
 * @param {BadgeState} state
 * @param {string} text
 * @param {{ target?: string, reason?: string }} [decision]
 */
export function setBadge(badge, state, text, { target = '', reason = '' } = {}) {
  badge.dataset.state = state
  badge.dataset.target = target
  badge.dataset.reason = reason
  badge.textContent = text
}

/**
 * @param {string} target
 * @param {string} reason
 */
export function badgeText(target, reason) {
  return `${target} · ${reason}`
}
