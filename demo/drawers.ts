type Drawer = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** A browser that is told to store nothing throws at the mere mention: then things last as long as the page. */
function drawer(open: () => Storage): Drawer {
  try {
    return open()
  } catch {
    const things = new Map<string, string>()
    return {
      getItem: (name) => things.get(name) ?? null,
      setItem: (name, thing) => void things.set(name, thing),
      removeItem: (name) => void things.delete(name),
    }
  }
}

/** Of all tabs, and of this one. */
export const shared = drawer(() => localStorage)
export const own = drawer(() => sessionStorage)
