import { css, unsafeCSS } from 'lit'

const mask = (body: string) =>
  unsafeCSS(
    `url("data:image/svg+xml,${encodeURIComponent(
      `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='#000' stroke-width='2' stroke-linecap='round' stroke-linejoin='round'>${body}</svg>`,
    )}")`,
  )

const check = mask("<path d='m3 8.5 3.5 3.500L13 4.5'/>")
const cross = mask("<path d='m4 4 8 8M12 4l-8 8'/>")
const ring = mask("<path d='M8 2.500a5.5 5.5 0 1 1-5.5 5.5'/>")
const dots = mask("<path d='M3.5 8h.01M8 8h.01M12.5 8h.01'/>")

/** The status emoji stay in the text; drawn over them are shapes that look alike on every system and line up with the branches. */
export const treeStyles = css`
  pre {
    flex: 1;
    min-block-size: 0;
    overflow: auto;
    padding: 0.75rem 1rem;
    background: var(--sunken);
    font: 0.75rem / 1.6 var(--mono);
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--edge) transparent;
    tab-size: 2;
  }

  pre:focus-visible {
    outline-offset: -2px;
  }

  .line {
    display: block;
    block-size: 1.6em;
    inline-size: max-content;
    min-inline-size: 100%;
    white-space: pre;
    content-visibility: auto;
    contain-intrinsic-block-size: 1.6em;
  }

  .event {
    font-weight: 650;
  }

  .branch {
    color: var(--muted);
    font-weight: 400;
  }

  .id,
  .time,
  .nothing {
    color: var(--muted);
    font-weight: 400;
  }

  .handler .id {
    display: inline-block;
    max-inline-size: 7ch;
    overflow: hidden;
    text-overflow: ellipsis;
    vertical-align: bottom;
  }

  .value {
    color: var(--good);
    font-weight: 400;
  }

  .error {
    color: var(--bad);
    font-weight: 400;
  }

  .icon {
    position: relative;
    display: inline-block;
    inline-size: 2ch;
    block-size: 1.25em;
    overflow: hidden;
    vertical-align: -0.25em;
    color: transparent;
  }

  .icon::before {
    content: '';
    position: absolute;
    inset: 50% auto auto 50%;
    inline-size: 1.1em;
    block-size: 1.1em;
    translate: -50% -50%;
    background: var(--tone);
    mask: var(--shape) center / contain no-repeat;
  }

  .icon.done {
    --tone: var(--good);
    --shape: ${check};
  }

  .icon.failed {
    --tone: var(--bad);
    --shape: ${cross};
  }

  .icon.running {
    --tone: var(--busy);
    --shape: ${ring};
  }

  .icon.running::before {
    animation: turn 0.9s linear infinite;
  }

  .icon.pending {
    --tone: var(--muted);
    --shape: ${dots};
  }

  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
`
