/** Whether the page rests in the back/forward cache, or is not all back from it, and who waits for the end of that. */
export class Rest {
  /** This rest; null while there is none. */
  now: Promise<void> | null = null
  #end: () => void = () => {}

  /** Who waits for the end of an earlier one waits for this one's. */
  begin(): void {
    this.#end()
    this.now = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  end(): void {
    this.now = null
    this.#end()
  }

  /** Resolves when there is none. */
  async over(): Promise<void> {
    while (this.now) await this.now
  }
}
