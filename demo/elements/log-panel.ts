import { css, html, LitElement } from 'lit'
import { dispose, inspect, shop, warehouse } from '../buses.js'
import { shared } from '../styles.js'
import { showLines } from '../tree-lines.js'
import { treeStyles } from '../tree-styles.js'

const buses = [shop, warehouse]

/** What a drawing of the tree may cost of the time that passes; a long tree is drawn less often than every frame. */
const share = 0.15

export class LogPanel extends LitElement {
  static override properties = {
    bus: { state: true },
    summary: { state: true },
    open: { type: Boolean, reflect: true },
  }

  declare bus: typeof shop
  declare summary: string
  /** Only where the panel is docked below the page; beside it the log is always open. */
  declare open: boolean
  #subscriptions: Disposable[] = []
  #frame = 0
  #notBefore = 0
  #follow = true
  readonly #shown = new Map<string, HTMLElement[]>()

  static override styles = [
    shared,
    treeStyles,
    css`
      :host,
      .panel {
        block-size: 100%;
      }

      .panel {
        display: flex;
        flex-direction: column;
        padding: 0;
        overflow: hidden;
      }

      .bar {
        align-items: center;
        margin: 0;
        padding: 0.625rem 1rem;
        border-block-end: 1px solid var(--line);
      }

      .bar h2 span {
        margin-inline-start: 0.5rem;
        font-weight: 400;
      }

      fieldset {
        display: flex;
        gap: 0.25rem;
      }

      label {
        position: relative;
        padding: 0.125rem 0.625rem;
        border-radius: 999px;
        font: 0.75rem / 1.5 var(--mono);
        color: var(--muted);
        cursor: pointer;
      }

      label:has(:checked) {
        background: var(--accent-soft);
        color: var(--accent);
      }

      .toggle {
        display: none;
        min-block-size: 1.75rem;
        padding: 0 0.75rem;
        font-size: 0.8125rem;
      }

      @media (width < 75rem) {
        :host {
          block-size: auto;
        }

        .panel {
          block-size: min(17rem, 45dvh);
          border-inline: 0;
          border-end-start-radius: 0;
          border-end-end-radius: 0;
          box-shadow: 0 -6px 24px rgb(0 0 0 / 10%);
        }

        .bar {
          flex-wrap: nowrap;
          padding-block: 0.5rem;
        }

        h2 {
          margin-inline-end: auto;
          overflow: hidden;
          white-space: nowrap;
          text-overflow: ellipsis;
        }

        .toggle {
          display: block;
        }

        :host(:not([open])) .panel {
          block-size: auto;
        }

        :host(:not([open])) :is(pre, fieldset) {
          display: none;
        }
      }

      label:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
    `,
  ]

  constructor() {
    super()
    this.bus = shop
    this.summary = ''
    this.open = matchMedia('(width >= 44rem)').matches
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#subscriptions = buses.map((bus) => inspect(bus, () => this.#schedule()))
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    for (const subscription of this.#subscriptions) subscription[dispose]()
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
  }

  protected override firstUpdated(): void {
    this.#schedule()
  }

  protected override render() {
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h2 id="title">Live log tree<span class="muted small number">${this.summary}</span></h2>
          <fieldset>
            <legend class="hidden">Bus to look at</legend>
            ${buses.map(
              (bus) => html`
                <label>
                  <input class="hidden" type="radio" name="bus" ?checked=${bus === this.bus} @change=${() => this.#look(bus)} />
                  ${bus.name}
                </label>
              `,
            )}
          </fieldset>
          <button class="toggle" type="button" aria-expanded=${this.open} @click=${this.#toggle}>
            ${this.open ? 'Hide' : 'Show'}
          </button>
        </div>
        <pre tabindex="0" role="log" aria-live="off" aria-label="Events of the ${this.bus.name} bus" @scroll=${this.#scrolled}></pre>
      </section>
    `
  }

  #look(bus: typeof shop) {
    this.bus = bus
    this.#follow = true
    this.#schedule()
  }

  #toggle() {
    this.open = !this.open
    this.#follow = true
    this.#schedule()
  }

  /** Any number of steps make one drawing, and there is at most one a frame. */
  #schedule() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now))
  }

  #draw(now: number) {
    this.#frame = 0
    if (now < this.#notBefore) return this.#schedule()
    const pre = this.renderRoot.querySelector('pre')
    if (!pre) return
    const start = performance.now()
    showLines(pre, this.#shown, this.bus.logTree().split('\n'))
    const { size } = this.bus.eventHistory
    const { queued, inFlight } = this.bus.stats
    const open = queued + inFlight
    this.summary = `${size === 1 ? '1 event' : `${size} events`}${open > 0 ? `, ${open} open` : ''}`
    if (this.#follow) pre.scrollTop = pre.scrollHeight
    this.#notBefore = now + (performance.now() - start) / share
  }

  /** Whoever scrolls up wants to read: the tail is followed again once they are back at the end. */
  readonly #scrolled = (scroll: Event) => {
    const { scrollTop, scrollHeight, clientHeight } = scroll.target as HTMLElement
    this.#follow = scrollHeight - scrollTop - clientHeight < 24
  }
}

customElements.define('log-panel', LogPanel)
