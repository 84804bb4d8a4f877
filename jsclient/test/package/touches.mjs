// What no entry may do; import.test.ts proves with it that it would notice.
globalThis.leaked = [navigator, globalThis.localStorage]
