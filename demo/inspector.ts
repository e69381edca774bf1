import '../src/inspector/define.js'
import './elements/theme-switch.js'
import { loads } from './loads.js'

const output = document.querySelector('output') as HTMLOutputElement
const say = (text: string) => {
  output.textContent = text
}

let running: AbortController | null = null
let button: HTMLButtonElement | null = null

/** One load at a time; a second click on what runs stops it. */
document.querySelector('.bench')?.addEventListener('click', async (click) => {
  const clicked = (click.target as Element).closest<HTMLButtonElement>('[data-load]')
  if (!clicked) return
  const again = button === clicked && running
  running?.abort()
  button?.setAttribute('aria-pressed', 'false')
  if (again) {
    running = null
    return
  }
  const load = new AbortController()
  running = load
  button = clicked
  clicked.setAttribute('aria-pressed', 'true')
  try {
    await loads[clicked.dataset.load as keyof typeof loads](load.signal, say)
  } catch (error) {
    say(`That did not work: ${(error as Error).message}`)
  }
  if (running !== load) return
  running = null
  clicked.setAttribute('aria-pressed', 'false')
})
