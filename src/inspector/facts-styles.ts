import { css } from 'lit'

/** Names with what they stand for, and what can be opened. */
export const factsStyles = css`
  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(208px, 1fr));
    gap: 0 16px;
    margin: 0;
  }

  .fact {
    display: flex;
    gap: 8px;
    min-width: 0;
    padding-block: 2px;
  }

  dt {
    flex: none;
    min-width: 88px;
    color: var(--_muted);
  }

  dd {
    min-width: 0;
    margin: 0;
  }

  code,
  time {
    font: 11px / 16px var(--_mono);
  }

  summary {
    min-height: 24px;
    line-height: 24px;
    cursor: pointer;
  }
`
