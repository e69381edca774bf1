// Every snippet of README.md runs here, in the browser, and prints what the README says.
import { expect } from '@esm-bundle/chai'
import { EventBus } from '../../src/index.js'
import { consoleDuring } from '../same-page/helpers.js'
import { claimsOf, type Fence, fencesOf, instrumented, isImported } from './fences.mjs'
import { recorder, steady } from './recorder.js'

const readme = await (await fetch('/README.md')).text()
const fences = fencesOf(readme)
const manifest = await (await fetch('/package.json')).json()

/** What a claim says, and what was recorded for it: the same, or a beginning where the claim ends with `…`. */
function check(claimed: string, recorded: string[] | undefined): void {
  expect(recorded, `never reached: → ${claimed}`).not.to.equal(undefined)
  const wanted = steady(claimed)
  for (const text of recorded ?? []) {
    if (wanted.endsWith('…')) expect(steady(text).slice(0, wanted.length - 1)).to.equal(wanted.slice(0, -1))
    else expect(steady(text)).to.equal(wanted)
  }
}

async function runModule(fence: Fence): Promise<void> {
  if (isImported(fence, fences)) return void (await import(`/test/readme/snippets/${fence.file}`))
  const claims = claimsOf(fence.code)
  expect(claims, 'a snippet says what comes of it').not.to.have.length(0)
  // The server does the same, but a browser would only say that the module could not be fetched.
  instrumented(fence)
  recorder.lines.clear()
  await import(`/test/readme/snippets/${fences.indexOf(fence)}.ts`)
  for (const { line, text } of claims) check(text, recorder.lines.get(line))
}

/** Loads the page as if it lay beside the built files and superstruct; what it prints comes in order. */
async function runPage({ code }: Fence): Promise<void> {
  const claims = claimsOf(code)
  expect(claims, 'a page prints something').not.to.have.length(0)
  const page = document.createElement('iframe')
  const printed: string[] = []
  const done = new Promise<void>((resolve, reject) => {
    window.addEventListener('message', ({ source, data }) => {
      if (source !== page.contentWindow) return
      if (data.error) reject(new Error(data.error))
      else if (printed.push(data.text) === claims.length) resolve()
    })
  })
  page.srcdoc = `<base href="/dist/"><script>
    addEventListener('error', ({ message }) => parent.postMessage({ error: message || 'no dist: npm run build' }, '*'), true)
    console.log = (...values) => parent.postMessage({ text: values.join(' ') }, '*')
  </script>${code.replace('./superstruct.mjs', '/node_modules/superstruct/dist/index.mjs')}`
  document.body.append(page)
  try {
    await done
  } finally {
    page.remove()
  }
  for (const [i, { text }] of claims.entries()) check(text, [printed[i]])
}

/** Commands are not run here, but those of npm exist. */
function checkCommands({ code }: Fence): void {
  const commands = code.split('\n').flatMap((line) => line.replace(/#.*/, '').split('&&'))
  for (const command of commands.map((text) => text.trim()).filter(Boolean)) {
    const [program, verb, name] = command.replace(/^\w+=\S+ /, '').split(' ')
    expect(program, command).to.equal('npm')
    if (verb === 'ci') continue
    if (verb === 'install') expect([manifest.name, ...Object.keys(manifest.dependencies)]).to.include(name)
    else expect(Object.keys(manifest.scripts), command).to.include(verb === 'run' ? name : verb)
  }
}

const kinds: Record<string, (fence: Fence) => void | Promise<void>> = {
  ts: runModule,
  js: runModule,
  html: runPage,
  json: ({ code }) => void JSON.parse(code),
  sh: checkCommands,
}

describe('README.md', () => {
  afterEach(() => Promise.all(EventBus.instances.map((bus) => bus.stop({ clear: true }))))

  for (const fence of fences) {
    it(`${fence.name}, line ${fence.line}`, async () => {
      const run = kinds[fence.lang]
      expect(run, `a way to test \`\`\`${fence.lang}`).to.be.a('function')
      const errors = await consoleDuring('error', () => run?.(fence))
      expect(errors, 'told to the console').to.deep.equal([])
    })
  }

  it('has snippets at all, and each of its fences is closed', () => {
    expect(fences).to.have.length.above(15)
    expect(readme.match(/^ *```/gm)).to.have.length(fences.length * 2)
  })

  it('links to places that exist', async () => {
    const text = readme
      .replace(/^```[\s\S]*?^```/gm, '')
      .replace(/`[^`]*`/g, (code) => code.replace(/[[\]()]/g, ''))
    const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slug(heading))
    const ids = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id)
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
    expect(links).not.to.have.length(0)
    for (const link of links) {
      if (link.startsWith('#')) expect([...anchors, ...ids]).to.include(link.slice(1))
      else if (!link.startsWith('https:')) expect((await fetch(`/${link}`)).ok, link).to.equal(true)
    }
  })
})

/** An anchor as the sites that show a README make it. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-')
}
