import { css, html, LitElement } from 'lit'
import { shop } from '../buses.js'
import { catalogue } from '../catalogue.js'
import { StockChanged } from '../events.js'
import { stock } from '../services/stock.js'
import { shared } from '../styles.js'
import './product-card.js'

export class ProductGrid extends LitElement {
  #life = new AbortController()

  static override styles = [
    shared,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 9.75rem), 1fr));
        gap: 0.875rem;
      }

      @media (width < 26rem) {
        ul {
          grid-template-columns: repeat(auto-fill, minmax(min(100%, 8.25rem), 1fr));
          gap: 0.625rem;
        }
      }
    `,
  ]

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    const { signal } = this.#life
    shop.on(StockChanged, () => this.requestUpdate(), { name: 'ProductGrid.show', signal })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
  }

  protected override render() {
    return html`
      <h2 class="hidden">On the shelf</h2>
      <ul>
        ${catalogue.map(
          (product) => html`
            <li><product-card .product=${product} .left=${stock.left(product.sku)}></product-card></li>
          `,
        )}
      </ul>
    `
  }
}

customElements.define('product-grid', ProductGrid)
