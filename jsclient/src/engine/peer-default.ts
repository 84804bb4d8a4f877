/** Says that an engine's own default is wanted where it means a public host: a CDN, a hub, a list of models there. */
export const PEER_DEFAULT = 'peer-default'
