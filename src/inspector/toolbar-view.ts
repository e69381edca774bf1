import { html, nothing, type TemplateResult } from 'lit'

const paths = {
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  resume: 'M5 3l8 5l-8 5z',
  clear: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 4.2l7.6 7.6',
  collapse: 'M4.5 2.5L8 6l3.5-3.5M4.5 13.5L8 10l3.5 3.5',
  expand: 'M4.5 6L8 2.5L11.5 6M4.5 10L8 13.5l3.5-3.5',
  previous: 'M4 10l4-4l4 4',
  next: 'M4 6l4 4l4-4',
  open: 'M8 10V3M5 6l3-3l3 3M3 10v3h10v-3',
  save: 'M8 3v7M5 7l3 3l3-3M3 10v3h10v-3',
  more: 'M3.5 8v0M8 8v0M12.5 8v0',
} as const

const icon = (path: string) =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${path}></path></svg>`

/** What is open below the toolbar. */
export type Sheet = '' | 'export' | 'more' | 'purge'
export const isMore = (sheet: Sheet) => sheet === 'more' || sheet === 'purge'

export interface ToolbarState {
  open: boolean
  paused: boolean
  buses: readonly string[]
  bus: string
  unread: ReadonlyMap<string, number>
  failures: number
  sheet: Sheet
}

export type Action =
  | 'toggle'
  | 'pause'
  | 'clear'
  | 'expand'
  | 'collapse'
  | 'previous-error'
  | 'next-error'
  | 'import'
  | 'export'
  | 'more'

const badge = (count: number) =>
  count
    ? html`<span class="count" part="error-badge">${count > 999 ? '999+' : count}<span class="unseen"> unread errors</span></span>`
    : nothing

/** The toolbar: one tab stop, arrows move inside it. */
export function toolbarView(
  state: ToolbarState,
  act: (action: Action) => void,
  pick: (bus: string) => void,
): TemplateResult {
  const button = (
    action: Action,
    label: string,
    path: string,
    more: { pressed?: boolean; off?: boolean } = {},
  ) => html`<button
    class="icon-button"
    part="button"
    data-action=${action}
    title=${label}
    aria-label=${label}
    aria-pressed=${more.pressed ?? nothing}
    ?disabled=${more.off}
    @click=${() => act(action)}
  >${icon(path)}</button>`
  // One that was picked can be left, also when it is not here (yet, or any longer).
  const buses = [...new Set(['', ...state.buses, state.bus])]
  return html`
    <button
      class="toggle"
      part="toggle"
      data-action="toggle"
      aria-expanded=${state.open}
      @click=${() => act('toggle')}
    >${icon(state.open ? paths.next : 'M6 4l4 4l-4 4')}Events${badge(state.unread.get('') ?? 0)}</button>
    ${
      state.open
        ? html`
          <div class="buses" role="group" aria-label="Bus">
            ${
              state.bus || buses.length > 2
                ? buses.map(
                    (bus) => html`<button
                      class="bus-button"
                      part="bus-tab"
                      data-bus=${bus}
                      aria-pressed=${state.bus === bus}
                      @click=${() => pick(bus)}
                    >${bus || 'All'}${bus ? badge(state.unread.get(bus) ?? 0) : nothing}</button>`,
                  )
                : html`<span class="muted bus-name">${buses[1]}</span>`
            }
          </div>
          <div class="tools">
            ${button('previous-error', 'Previous error (Shift+F8)', paths.previous, { off: !state.failures })}
            ${button('next-error', `Next error (F8), ${state.failures} in all`, paths.next, { off: !state.failures })}
            <span class="gap"></span>
            ${button('expand', 'Expand all', paths.expand)}
            ${button('collapse', 'Collapse all', paths.collapse)}
            <span class="gap"></span>
            ${button('pause', state.paused ? 'Resume' : 'Pause', state.paused ? paths.resume : paths.pause, { pressed: state.paused })}
            ${button('clear', 'Clear the view', paths.clear)}
            <span class="gap"></span>
            ${button('import', 'Open a JSONL file', paths.open)}
            ${button('export', 'Save or copy events', paths.save, { pressed: state.sheet === 'export' })}
            ${button('more', 'More', paths.more, { pressed: isMore(state.sheet) })}
          </div>`
        : nothing
    }`
}

/** Arrow keys move inside a toolbar; only one of its buttons can be tabbed to. */
export function roveToolbar(toolbar: HTMLElement, event?: KeyboardEvent): void {
  const buttons = [...toolbar.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]
  const current = buttons.indexOf((toolbar.getRootNode() as ShadowRoot).activeElement as HTMLButtonElement)
  let stop = Math.max(0, current < 0 ? buttons.findIndex(({ tabIndex }) => !tabIndex) : current)
  if (event) {
    const { length } = buttons
    const to = { ArrowRight: stop + 1, ArrowLeft: stop - 1 + length, Home: 0, End: length - 1 }[event.key]
    if (to === undefined) return
    stop = to % length
    event.preventDefault()
    buttons[stop]?.focus()
  }
  for (const [i, button] of buttons.entries()) {
    const tabIndex = i === stop ? 0 : -1
    if (button.tabIndex !== tabIndex || !button.hasAttribute('tabindex')) button.tabIndex = tabIndex
  }
}
