import { css, html, LitElement } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { shop } from '../buses.js'
import { itemsOf, money, productOf, totalOf } from '../catalogue.js'
import { CartChanged, ItemAdded, ItemRemoved, type Line } from '../events.js'
import { shared } from '../styles.js'

export class CartPanel extends LitElement {
  static override properties = { lines: { state: true } }

  declare lines: readonly Line[]
  #life = new AbortController()
  #hadFocus = false

  static override styles = [
    shared,
    css`
      li {
        display: grid;
        grid-template-columns: 1fr auto 4.5rem;
        align-items: center;
        gap: 0.75rem;
        padding-block: 0.375rem;
      }

      li + li {
        border-block-start: 1px solid var(--line);
      }

      .amount {
        display: flex;
        align-items: center;
        gap: 0.25rem;
      }

      .amount span {
        min-inline-size: 1.5rem;
        text-align: center;
      }

      .amount button {
        min-block-size: 1.75rem;
        inline-size: 1.75rem;
        padding: 0;
        line-height: 1;
      }

      .sum {
        text-align: end;
      }

      .total {
        display: flex;
        justify-content: space-between;
        margin-block-start: 0.5rem;
        padding-block-start: 0.625rem;
        border-block-start: 1px solid var(--edge);
        font-weight: 650;
      }
    `,
  ]

  constructor() {
    super()
    this.lines = []
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    shop.on(
      CartChanged,
      ({ lines }) => {
        this.lines = lines
      },
      { name: 'CartPanel.show', signal: this.#life.signal },
    )
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
  }

  /** A line that goes would take the keyboard's place in the page with it. */
  protected override willUpdate(): void {
    this.#hadFocus = !!this.shadowRoot?.activeElement
  }

  protected override updated(): void {
    if (this.#hadFocus && !this.shadowRoot?.activeElement)
      this.shadowRoot?.querySelector<HTMLElement>('#title')?.focus()
  }

  protected override render() {
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h2 id="title" tabindex="-1">Cart</h2>
          <span class="muted small number" aria-live="polite">${itemsOf(this.lines)}</span>
        </div>
        ${
          this.lines.length === 0
            ? html`<p class="empty">Nothing here yet. Every click on “Add” fires an event.</p>`
            : html`
              <ul>${repeat(this.lines, ({ sku }) => sku, this.#line)}</ul>
              <p class="total"><span>Subtotal</span><span class="number">${money(totalOf(this.lines))}</span></p>
            `
        }
      </section>
    `
  }

  readonly #line = ({ sku, quantity }: Line) => {
    const { name, price } = productOf(sku)
    return html`
      <li>
        <span>${name}</span>
        <span class="amount">
          <button type="button" aria-label="One ${name} less" @click=${() => this.#fire(new ItemRemoved({ sku }))}>−</button>
          <span class="number">${quantity}</span>
          <button type="button" aria-label="One ${name} more" @click=${() => this.#fire(new ItemAdded({ sku }))}>+</button>
        </span>
        <span class="number sum">${money(price * quantity)}</span>
      </li>
    `
  }

  #fire(event: ItemAdded | ItemRemoved) {
    this.dispatchEvent(event)
  }
}

customElements.define('cart-panel', CartPanel)
