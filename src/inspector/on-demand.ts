/** A part of the inspector that is loaded when it is first used. */
export class OnDemand<T> {
  /** Once it is there. */
  value: T | null = null
  /** While it is on its way. */
  loading: Promise<T> | null = null
  readonly #load: () => Promise<T>

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** Loads it unless it is there. What fails is tried again the next time. */
  async get(): Promise<T> {
    if (this.value) return this.value
    this.loading ??= this.#load()
    try {
      this.value = await this.loading
      return this.value
    } finally {
      this.loading = null
    }
  }
}
