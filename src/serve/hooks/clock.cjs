// The world's clock: what this program reads as the time.
//
// Required by preload.cjs where the world has a clock of its own. That clock stands still while code runs and moves
// when the whole world sleeps; a reading adds a microsecond, so that no two are the same and a loop that waits for
// the clock ends. This file hides the shared words in which processes agree on the time, and replaces every
// reading. The waits are timers.cjs and blocking.cjs; settling.cjs asks where the clock stands.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const vm = require('node:vm')
const threads = require('node:worker_threads')

// What a machine's monotonic clock shows when the world begins, in microseconds: as if it was up for a while.
const UP = 100_000_000_000

const folder = process.env.DOCCHECK_CLOCK

// A program must not run on half a clock.
function die(error) {
  fs.writeSync(2, `doccheck: cannot give this program the world's clock: ${error?.message ?? error}\n`)
  if (threads.isMainThread) process.reallyExit(97)
  process.kill(process.pid, 'SIGKILL')
}

// What all processes share. In microseconds since 1970: where the clock stands (moved by doccheck alone), the furthest
// reading that a process told of, and the world's first instant; then how many sleep out of the hooks' reach.
const words = new BigInt64Array(4)
let file
let settle

// This thread's last reading, and how many there were since the clock last moved.
let last = 0
let stood = 0
let readings = 0

// The time, without a reading: what the hooks themselves go by.
function peek() {
  fs.readSync(file, words, 0, 32, 0)
  if (words[3] > 0n) {
    settle ??= require('./settling.cjs')({ folder, die })
    settle()
    fs.readSync(file, words, 0, 32, 0)
  }
  return Math.max(Number(words[0]), Number(words[1]), last)
}

// Tells the other processes, where they do not know of a later time.
function publish() {
  if (last <= Number(words[1])) return
  words[1] = BigInt(last)
  fs.writeSync(file, words, 8, 8, 8)
}

// A reading. The more there are while the clock stands, the further one goes: the program waits for the clock.
function read() {
  const before = peek()
  const base = Number(words[0])
  if (base !== stood) {
    stood = base
    readings = 0
  }
  readings += 1
  const step = readings > 1e6 ? 1000 : readings > 1e5 ? 100 : readings > 1e4 ? 10 : 1
  last = before + step
  if (Math.floor(last / 1000) !== Math.floor(before / 1000)) publish()
  return last
}

const milliseconds = () => Math.floor(read() / 1000)

// Replaces a method and keeps the rest of its property (whether it is shown, and so on).
function replace(object, name, value) {
  const property = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { ...property, ...value })
}

// `Date` shares its prototype with the one that it replaces, so that an instance of either is one of both.
function replaceDate(realm) {
  const Native = realm.Date
  function Virtual(...given) {
    if (new.target === undefined) return new Native(milliseconds()).toString()
    const own = new.target === Virtual ? Native : new.target
    return Reflect.construct(Native, given.length === 0 ? [milliseconds()] : given, own)
  }
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(Native))) {
    Object.defineProperty(Virtual, name, property)
  }
  replace(Virtual, 'now', { value: { now: () => milliseconds() }.now })
  replace(Native.prototype, 'constructor', { value: Virtual })
  replace(realm, 'Date', { value: Virtual })

  // A format without a date is one of now.
  const formats = realm.Intl.DateTimeFormat.prototype
  const { get } = Object.getOwnPropertyDescriptor(formats, 'format')
  const bound = new WeakMap()
  replace(formats, 'format', {
    get() {
      const format = get.call(this)
      if (!bound.has(format)) bound.set(format, (date) => format(date === undefined ? milliseconds() : date))
      return bound.get(format)
    },
  })
  const { formatToParts } = formats
  replace(formats, 'formatToParts', {
    value: { formatToParts(date) { return formatToParts.call(this, date === undefined ? milliseconds() : date) } }.formatToParts,
  })
}

function replaceMonotonic(start) {
  const origin = peek()
  const prototype = Object.getPrototypeOf(performance)
  const since = () => (read() - origin) / 1000
  replace(prototype, 'now', { value: { now: () => since() }.now })
  replace(prototype, 'timeOrigin', { get: () => origin / 1000 })
  // Marks take their time from inside Node, unless they are told one.
  const { mark, measure } = prototype
  replace(prototype, 'mark', {
    value: {
      mark(name, options) {
        return mark.call(this, name, { ...options, startTime: options?.startTime ?? since() })
      },
    }.mark,
  })
  replace(prototype, 'measure', {
    value: {
      measure(name, from, end) {
        if (end !== undefined || from === null || typeof from !== 'object') return measure.call(this, name, from, end ?? since())
        const ends = from.end !== undefined || (from.start !== undefined && from.duration !== undefined)
        return measure.call(this, name, ends ? from : { ...from, end: since() })
      },
    }.measure,
  })

  const monotonic = () => read() - start + UP
  const { hrtime } = process
  process.hrtime = Object.assign(
    function (earlier) {
      // Node refuses what is no time.
      if (earlier !== undefined) hrtime(earlier)
      const now = monotonic()
      const [seconds, nanoseconds] = [Math.floor(now / 1e6), (now % 1e6) * 1000]
      if (earlier === undefined) return [seconds, nanoseconds]
      const passed = nanoseconds - earlier[1]
      return passed < 0 ? [seconds - earlier[0] - 1, passed + 1e9] : [seconds - earlier[0], passed]
    },
    { bigint: () => BigInt(monotonic()) * 1000n },
  )
  process.uptime = () => (read() - origin) / 1e6
  os.uptime = () => Math.floor(monotonic() / 1e4) / 100
}

// What decides jitter is the same in every run; crypto stays what it is. The generator is sfc32.
let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1]
function draw() {
  const drawn = (a + b + d) | 0
  d = (d + 1) | 0
  a = b ^ (b >>> 9)
  b = (c + (c << 3)) | 0
  c = (((c << 21) | (c >>> 11)) + drawn) | 0
  return drawn >>> 0
}

function replaceRandom(realm) {
  replace(realm.Math, 'random', { value: { random: () => ((draw() >>> 5) * 0x4000000 + (draw() >>> 6)) / 2 ** 53 }.random })
}

// Contexts and threads of the program's own are in the same world.
function replaceRealms() {
  const { createContext, runInContext, runInNewContext, Script } = vm
  const runScript = Script.prototype.runInNewContext
  const inWorld = (context, options) =>
    vm.createContext(context, {
      name: options?.contextName,
      origin: options?.contextOrigin,
      codeGeneration: options?.contextCodeGeneration,
      microtaskMode: options?.microtaskMode,
    })
  vm.createContext = function (...given) {
    const known = Object(given[0]) === given[0] && vm.isContext(given[0])
    const context = createContext(...given)
    // What the program itself put there stays; a context that is frozen takes nothing more.
    const takes = (name) => !known && Object.isExtensible(context) && !Object.hasOwn(context, name)
    const realm = runInContext('globalThis', context)
    if (takes('Date')) replaceDate(realm)
    if (takes('Math')) replaceRandom(realm)
    return context
  }
  vm.runInNewContext = (code, context, options) => runInNewContext(code, inWorld(context, options), options)
  Script.prototype.runInNewContext = function (context, options) {
    return runScript.call(this, inWorld(context, options), options)
  }

  // A thread with variables of its own loads no hooks, unless these name them.
  const { DOCCHECK_CLOCK, NODE_OPTIONS } = process.env
  threads.Worker = class Worker extends threads.Worker {
    constructor(file, options) {
      const own = Object(options?.env) === options?.env
      super(file, own ? { ...options, env: { NODE_OPTIONS, ...options.env, DOCCHECK_CLOCK } } : options)
    }
  }
}

// Few programs block a thread for a time, so what they need is loaded by the first that does.
function replaceBlocking() {
  const { wait, waitAsync } = Atomics
  // What runs programs synchronously, below all of node:child_process.
  const spawner = process.binding('spawn_sync')
  const { spawn } = spawner
  let blocking
  const load = () => (blocking ??= require('./blocking.cjs')({ wait, waitAsync, peek, publish }))
  replace(Atomics, 'wait', { value: { wait: (...given) => load().wait(...given) }.wait })
  replace(Atomics, 'waitAsync', { value: { waitAsync: (...given) => load().waitAsync(...given) }.waitAsync })
  spawner.spawn = (options) => (options.timeout > 0 ? load().spawn(options) : spawn(options))
}

// A server of the program's own stamps its answers with a date that Node makes inside.
function replaceStamps() {
  const prototype = Date.prototype
  const { now } = Date
  const stamps = (date) => Math.abs(date - now()) < 10_000 && /\(node:internal\/http:/.test(new Error().stack)
  for (const name of ['toUTCString', 'getMilliseconds']) {
    const native = prototype[name]
    const value = { [name]() { return native.call(stamps(this) ? new Date(Math.floor(peek() / 1000)) : this) } }[name]
    replace(prototype, name, { value })
  }
}

try {
  file = fs.openSync(path.join(folder, 'now'), 'r+')
  if (fs.readSync(file, words, 0, 32, 0) !== 32) throw new Error(`${folder}/now is no clock`)
  const start = Number(words[2])
  require('./timers.cjs')({ folder, peek, die })
  replaceStamps()
  replaceDate(globalThis)
  replaceMonotonic(start)
  replaceRandom(globalThis)
  replaceRealms()
  replaceBlocking()
} catch (error) {
  die(error)
}
