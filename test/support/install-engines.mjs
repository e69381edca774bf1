// Which engines a run has: those that are there, and those that can be installed.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { engines } from './engines.mjs'

/** Installs what is missing where that is ours to do, and says what stays missing and how to get it. */
export function provideEngines(names) {
  const missing = names.filter((name) => !engines[name].find())
  if (missing.length > 0) install(missing)
  const found = names.filter((name) => engines[name].find())
  for (const name of names) {
    const how = `apt-get install ${engines[name].packages.join(' ')} (Debian, Ubuntu)`
    console.log(
      found.includes(name)
        ? `  ${name}: ${describe(engines[name].find())}`
        : `  ${name}: LEFT OUT, not installed; ${how}`,
    )
  }
  return found
}

const describe = (parts) => Object.values(parts).filter(Boolean).join(', ')

function install(names) {
  if (!mayInstall()) return
  const packages = names.flatMap((name) => engines[name].packages)
  console.log(`  installing ${packages.join(', ')} …`)
  aptGet('update')
  // One by one: a package that this distribution does not have must not keep the others away.
  for (const name of names) aptGet('install', '-y', ...engines[name].packages)
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, error, stderr } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) console.log(`  apt-get ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`)
}

function mayInstall() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
