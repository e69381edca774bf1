/** A part of the inspector that is loaded when it is first used. */
export class OnDemand<T> {
  /** Once it is there. */
  value: T | null = null
  /** Settles when it is there and all who wait for it have used it; null while nobody waits. Never rejects. */
  busy: Promise<unknown> | null = null
  #loading: Promise<T> | null = null
  readonly #load: () => Promise<T>

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** Loads it unless it is there. What fails is tried again the next time. */
  get(): Promise<T> {
    this.#loading ??= this.#load().then(
      (value) => {
        this.value = value
        return value
      },
      (error) => {
        this.#loading = null
        throw error
      },
    )
    return this.#loading
  }

  /** Gives it to `act`, at once if it is there; `fail` is told why it cannot be loaded. */
  use(act: (part: T) => void, fail: (error: Error) => void): void {
    if (this.value) return act(this.value)
    const busy = this.get().then(act, fail)
    this.busy = busy
    void busy.finally(() => {
      if (this.busy === busy) this.busy = null
    })
  }
}
