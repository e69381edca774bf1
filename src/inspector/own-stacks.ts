/** Stacks of moments in which only the library's code was running: what its files are is read from them when somebody asks. */
export const ownStacks: string[] = []

/** Where handlers were registered while an inspector was open, by the number at the end of their ids; the oldest go first. */
export const callSites = new Map<number, string>()

const MOST = 2000

export function noteCallSite(handler: number, stack = ''): void {
  callSites.set(handler, stack)
  if (callSites.size > MOST) callSites.delete(callSites.keys().next().value as number)
}
