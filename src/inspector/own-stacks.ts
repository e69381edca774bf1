/** Stacks of moments in which only the library's code was running: what its files are is read from them when somebody asks. */
export const ownStacks: string[] = []
