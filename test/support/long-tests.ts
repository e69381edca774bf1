/** What takes long and is nothing of an engine is run in one of them, the one that is quickest to start. */
export const hasTime = /Chrome/.test(navigator.userAgent)
/** `it`, there only. */
export const itWithTime = hasTime ? it : it.skip
