import { css } from 'lit'

/** What every element of the shop shares; colours and sizes come from the page's custom properties. */
export const shared = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  h2,
  h3,
  p,
  ul,
  ol,
  fieldset,
  pre {
    margin: 0;
    padding: 0;
    border: 0;
    list-style: none;
    min-inline-size: 0;
  }

  h2 {
    font-size: 1rem;
    font-weight: 650;
    line-height: 1.5;
  }

  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 1rem;
  }

  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 0.25rem 1rem;
    margin-block-end: 0.75rem;
  }

  .muted {
    color: var(--muted);
  }

  .small {
    font-size: 0.8125rem;
  }

  .number {
    font-variant-numeric: tabular-nums;
  }

  .empty {
    color: var(--muted);
    padding-block: 0.5rem;
  }

  button,
  select,
  input {
    font: inherit;
    color: inherit;
  }

  button {
    min-block-size: 2.25rem;
    padding: 0.25rem 0.875rem;
    border: 1px solid var(--edge);
    border-radius: 8px;
    background: var(--raised);
    font-weight: 550;
    cursor: pointer;
    touch-action: manipulation;
  }

  button:hover:not(:disabled, [aria-disabled='true']) {
    border-color: var(--accent);
    color: var(--accent);
  }

  button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  button.primary:hover:not(:disabled) {
    color: var(--on-accent);
    filter: brightness(1.08);
  }

  /* What keeps the focus while it waits is no disabled button. */
  button[aria-disabled='true'],
  button:disabled {
    border-color: var(--line);
    background: var(--sunken);
    color: var(--muted);
    cursor: not-allowed;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`
