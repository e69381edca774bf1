// Process trees, as Linux shows them: a browser is many processes, and a kill of one is not the end of it.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * A process and all that came of it, the oldest first. None where it has ended: its number may be another's by now.
 *
 * @param {import('node:child_process').ChildProcess | null} child
 */
export function treeOf(child) {
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return []
  const children = new Map()
  for (const { pid: child, parent } of processes()) {
    children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const found = [child.pid]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}

/** Those of a tree whose command line fits. */
export const inTree = (/** @type {Parameters<typeof treeOf>[0]} */ child, /** @type {RegExp} */ fits) =>
  treeOf(child).filter((one) => fits.test(commandOf(one)))

/** SIGKILL for all of them. */
export function killNow(/** @type {number[]} */ pids) {
  for (const pid of pids) kill(pid)
}

/** The same, and back when they are gone. */
export async function killAll(/** @type {number[]} */ pids) {
  killNow(pids)
  for (let tries = 0; pids.some(lives); tries++) {
    if (tries > 500) throw new Error(`Still there after SIGKILL: ${pids.filter(lives)}`)
    await pause(10)
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was quicker.
  }
}

function* processes() {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const [state, parent] = statusOf(Number(name))
    if (state) yield { pid: Number(name), parent: Number(parent) }
  }
}

/** State and parent; the command in between may hold anything. */
function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  } catch {
    return []
  }
}

/** A zombie is dead: only its parent has not heard of it. */
const lives = (pid) => /^[^ZX]/.test(statusOf(pid)[0] ?? '')

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** What a killed browser leaves behind to say that its profile is in use. */
export function unlockProfile(/** @type {string} */ folder) {
  const locks = ['SingletonLock', 'SingletonCookie', 'SingletonSocket', 'lock', '.parentlock', 'parent.lock']
  for (const name of locks) rmSync(join(folder, name), { force: true })
}
