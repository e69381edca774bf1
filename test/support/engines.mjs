// The three browser engines: where they are, and how the test runner starts each.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { chromeLauncher } from '@web/test-runner-chrome'
import { webdriverLauncher } from '@web/test-runner-webdriver'

/** To be copied: puppeteer takes what it merges with its own out of the array that it is given. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A process in reserve for each page, and two pages that would suggest what to type into an address bar that headless
  // Chromium does not show: half a second of a core each, whenever a window opens.
  '--disable-features=SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup',
]

/**
 * The page of all test files, one after another. The runner leads it to about:blank after each, which is another process: to start
 * that and the next one takes a second of a core. The next file ends what still runs as well.
 */
async function createPage({ context }) {
  const page = await context.newPage()
  const goto = page.goto.bind(page)
  page.goto = async (url, options) => (url === 'about:blank' ? null : goto(url, options))
  return page
}

/** Each engine with the Debian packages that bring it. `find` gives what it needs to start, or null. */
export const engines = {
  chromium: {
    packages: ['chromium'],
    find() {
      const executablePath =
        process.env.CHROME_PATH ??
        program('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
      return executablePath ? { executablePath } : null
    },
    launcher({ executablePath }) {
      const launcher = chromeLauncher({
        launchOptions: { executablePath, args: [...chromiumArgs], networkEnabled: false },
        createPage,
      })
      launcher.name = 'Chromium'
      return launcher
    },
  },
  firefox: {
    packages: ['firefox-esr'],
    find() {
      const executablePath = process.env.FIREFOX_PATH ?? program('firefox-esr', 'firefox')
      return executablePath ? { executablePath } : null
    },
    launcher({ executablePath }) {
      const launcher = chromeLauncher({
        launchOptions: { browser: 'firefox', executablePath, headless: true, networkEnabled: false },
        createPage,
      })
      launcher.name = 'Firefox'
      return launcher
    },
  },
  webkit: {
    packages: ['webkit2gtk-driver', 'xvfb'],
    find() {
      const driver = program('WebKitWebDriver')
      const browser = miniBrowser()
      const display = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY
      const xvfb = program('Xvfb')
      return driver && browser && (display || xvfb) ? { driver, browser, xvfb: display ? null : xvfb } : null
    },
    launcher: webkitLauncher,
  },
}

/** Names of the engines that are installed. */
export function installedEngines() {
  return Object.keys(engines).filter((name) => engines[name].find())
}

/** Launchers for these engines; an engine that is not there is an error, not a smaller test run. */
export function launchers(names) {
  // The browsers end with this process, but only by its `exit`: a signal must come to that, too.
  process.once('SIGTERM', () => process.exit(143))
  return names.map((name) => {
    const engine = engines[name]
    if (!engine) throw new Error(`Expected a browser of ${Object.keys(engines).join(', ')}, got "${name}"`)
    const found = engine.find()
    if (!found)
      throw new Error(`${name} is not installed; on Debian: apt-get install ${engine.packages.join(' ')}`)
    return named(engine.launcher(found), found)
  })
}

/** An engine that does not start says which program it was. */
function named(launcher, found) {
  const { startSession } = launcher
  launcher.startSession = (...args) =>
    startSession.apply(launcher, args).catch((cause) => {
      const programs = Object.values(found).filter(Boolean).join(', ')
      throw new Error(`Could not open a page in ${launcher.name} (${programs}): ${cause.message}`, { cause })
    })
  return launcher
}

function program(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return (
    names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file)) ??
    null
  )
}

/** MiniBrowser is no command: it lies beside the library, under the name of the architecture. */
function miniBrowser() {
  const roots = ['/usr/lib', '/usr/libexec']
  const nested = roots.flatMap((root) =>
    existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [],
  )
  const folders = [...roots, ...nested].flatMap((folder) =>
    ['4.1', '4.0', '6.0'].map((v) => join(folder, `webkit2gtk-${v}`)),
  )
  return folders.map((folder) => join(folder, 'MiniBrowser')).find((file) => existsSync(file)) ?? null
}

/** The driver (and a display, where there is none) starts with the browser and ends with it, or with this process at the latest. */
function webkitLauncher({ driver, browser, xvfb }) {
  const options = {
    automationProtocol: 'webdriver',
    hostname: '127.0.0.1',
    port: 0,
    path: '/',
    capabilities: { ...miniBrowserCapabilities(browser), 'wdio:enforceWebDriverClassic': true },
  }
  const launcher = webdriverLauncher(options)
  const { initialize, stop } = launcher
  const children = []
  launcher.initialize = async (config) => {
    options.port = await startWebKitDriver({ driver, xvfb }, children)
    await initialize.call(launcher, config)
    launcher.name = 'WebKit'
  }
  launcher.stop = async () => {
    await stop.call(launcher)
    for (const child of children.splice(0).reverse()) child.kill()
  }
  return launcher
}

export const miniBrowserCapabilities = (/** @type {string} */ binary) => ({
  browserName: 'MiniBrowser',
  'webkitgtk:browserOptions': { binary, args: ['--automation'] },
})

/** Gives the driver's port; what was started is added to `children`, last what is to end first. */
export async function startWebKitDriver({ driver, xvfb }, children) {
  // What is drawn would be handed on by way of a graphics card, which is made up here: two fifths of what the inspector's tests take.
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, WEBKIT_DISABLE_DMABUF_RENDERER: '1' }
  if (xvfb) env.DISPLAY = await startDisplay(xvfb, children)
  const port = await freePort()
  await startDriver(driver, port, env, children)
  return port
}

/** Xvfb takes the first free display itself and writes its number to the pipe. */
async function startDisplay(xvfb, children) {
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']
  const child = start(xvfb, args, process.env, children)
  return new Promise((resolve, reject) => {
    child.stdio[3]?.on('data', (number) => resolve(`:${String(number).trim()}`))
    child.on('exit', (code) => reject(notStarted(child, `it ended with ${code}`)))
  })
}

async function startDriver(driver, port, env, children) {
  const child = start(driver, [`--port=${port}`], env, children)
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) break
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw notStarted(child, `no answer on port ${port}, exit code ${child.exitCode}`)
}

const notStarted = (child, why) => new Error(`Could not start \`${child.spawnargs.join(' ')}\`: ${why}`)

function start(command, args, env, children) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  child.unref()
  children.push(child)
  return child
}

export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise((resolve) => server.close(resolve))
  return port
}
