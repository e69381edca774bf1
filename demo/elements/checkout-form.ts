import { css, html, LitElement } from 'lit'
import { shop } from '../buses.js'
import { money, totalOf } from '../catalogue.js'
import {
  type Carrier,
  CartChanged,
  CheckoutRequested,
  type Line,
  NoticeShown,
  type Quote,
  QuotesRequested,
} from '../events.js'
import { refusedCard } from '../services/bank.js'
import { orderBook } from '../services/orders.js'
import { shared } from '../styles.js'
import { inWords } from '../words.js'

export class CheckoutForm extends LitElement {
  static override properties = {
    lines: { state: true },
    quotes: { state: true },
    carrier: { state: true },
    busy: { state: true },
  }

  declare lines: readonly Line[]
  declare quotes: readonly Quote[]
  declare carrier: Carrier
  declare busy: boolean
  #life = new AbortController()

  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: 0.875rem;
      }

      /* Three carriers are to quote. */
      fieldset {
        min-block-size: 14rem;
      }

      legend,
      .label {
        padding: 0;
        margin-block-end: 0.375rem;
        font-size: 0.8125rem;
        color: var(--muted);
      }

      .carrier {
        display: grid;
        grid-template-columns: auto 1fr auto;
        align-items: center;
        gap: 0 0.625rem;
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: 8px;
        cursor: pointer;
      }

      .carrier + .carrier {
        margin-block-start: 0.375rem;
      }

      .carrier:hover {
        border-color: var(--edge);
      }

      .carrier:has(:checked) {
        border-color: var(--accent);
        background: var(--accent-soft);
      }

      .carrier:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }

      .carrier input {
        margin: 0;
        outline: none;
      }

      .carrier b {
        font-weight: 600;
      }

      .carrier .small {
        display: block;
      }

      .label {
        display: block;
      }

      select {
        inline-size: 100%;
        min-block-size: 2.25rem;
        padding: 0.25rem 0.5rem;
        border: 1px solid var(--edge);
        border-radius: 8px;
        background: var(--raised);
      }

      button {
        min-block-size: 2.5rem;
        inline-size: 100%;
      }
    `,
  ]

  constructor() {
    super()
    this.lines = []
    this.quotes = []
    this.carrier = 'swift'
    this.busy = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    shop.on(
      CartChanged,
      ({ lines }) => {
        this.lines = lines
        if (lines.length === 0) this.busy = false
      },
      { name: 'CheckoutForm.show', signal: this.#life.signal },
    )
    this.#watch(this.#life.signal).catch(() => {})
    void this.#askForQuotes()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
  }

  /** Each carrier has a handler of its own, on another bus; their lists arrive as one. */
  async #askForQuotes() {
    this.quotes = await shop.dispatch(new QuotesRequested()).eventResultsFlatList()
  }

  protected override render() {
    const empty = this.lines.length === 0
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar"><h2 id="title">Checkout</h2></div>
        <form @submit=${this.#submit}>
          <fieldset>
            <legend>Shipping, as quoted by each carrier</legend>
            ${this.quotes.map(this.#quote)}
          </fieldset>
          <div>
            <label class="label" for="card">Pay with</label>
            <select id="card" name="card">
              <option value="4242">Card ending 4242</option>
              <option value=${refusedCard}>Card ending ${refusedCard}: always declined</option>
            </select>
          </div>
          <button class="primary" ?disabled=${empty || this.busy || this.quotes.length === 0}>
            ${this.busy ? 'Placing the order…' : empty ? 'The cart is empty' : `Order for ${money(this.#amount)}`}
          </button>
        </form>
      </section>
    `
  }

  readonly #quote = ({ carrier, name, price, promise, hint }: Quote) => html`
    <label class="carrier">
      <input type="radio" name="carrier" value=${carrier} ?checked=${carrier === this.carrier}
        @change=${() => this.#choose(carrier)} />
      <span><b>${name}</b><span class="small muted">${hint}</span></span>
      <span class="number" title=${promise}>${money(price)}</span>
    </label>
  `

  #choose(carrier: Carrier) {
    this.carrier = carrier
  }

  get #amount() {
    const shipping = this.quotes.find(({ carrier }) => carrier === this.carrier)?.price ?? 0
    return totalOf(this.lines) + shipping
  }

  readonly #submit = (submit: SubmitEvent) => {
    submit.preventDefault()
    // The button shows it only when the page is rendered.
    if (this.busy) return
    const form = new FormData(submit.target as HTMLFormElement)
    const order = new CheckoutRequested({
      orderId: orderBook.nextId(),
      lines: [...this.lines],
      amount: this.#amount,
      carrier: this.carrier,
      card: String(form.get('card')),
    })
    this.busy = true
    this.dispatchEvent(order)
  }

  /** Also the orders that an earlier page has left unfinished: their cart is not to be ordered again. */
  async #watch(signal: AbortSignal) {
    for await (const order of shop.events(CheckoutRequested, { signal })) void this.#follow(order)
  }

  async #follow(order: CheckoutRequested) {
    this.busy = true
    try {
      await order.eventCompletion
      await order.eventResult()
      shop.dispatch(new NoticeShown({ text: `${order.orderId} is on its way`, tone: 'good' }))
    } catch (error) {
      shop.dispatch(new NoticeShown({ text: `${order.orderId}: ${inWords(error)}`, tone: 'bad' }))
    } finally {
      this.busy = false
    }
  }
}

customElements.define('checkout-form', CheckoutForm)
