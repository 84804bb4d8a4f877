/**
 * Engines in a worker: `expose(self, host)` in the worker, `connect(worker)` in the page. Like Comlink, but for one
 * interface: with streams, progress and abort, without proxies, and it notices when the other end is gone.
 */

export type { ConnectOptions, WorkerClient } from './connect.ts'
export { connect } from './connect.ts'
export type { EngineHost, HostGenerateOptions, HostLoadOptions } from './expose.ts'
export { expose } from './expose.ts'
export type { EnginePort } from './protocol.ts'
export { PROTOCOL_VERSION } from './protocol.ts'
