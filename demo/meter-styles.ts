import { css } from 'lit'

/** A progress bar with what it says, and the lines that were left out. */
export const meter = css`
  .meter {
    display: grid;
    gap: 0.25rem;
    margin-block-start: 0.75rem;
  }
  
  progress {
    appearance: none;
    inline-size: 100%;
    block-size: 0.5rem;
    border: 0;
    border-radius: 999px;
    overflow: hidden;
    background: var(--line);
  }
  
  progress::-webkit-progress-bar {
    background: var(--line);
  }
  
  progress::-webkit-progress-value {
    background: var(--accent);
  }
  
  progress::-moz-progress-bar {
    background: var(--accent);
  }
  
  .state {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 1rem;
    min-block-size: 2.25rem;
  }
  
  details {
    margin-block-start: 0.5rem;
  }
  
  summary {
    color: var(--warn);
    cursor: pointer;
  }
  
  details ul {
    max-block-size: 8rem;
    overflow: auto;
    font: 0.75rem / 1.6 var(--mono);
  }
`
