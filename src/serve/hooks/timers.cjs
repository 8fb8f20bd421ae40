// Waits of Node's timers, as events of the world.
//
// Every timer of Node is a `Timeout` in a list of timers of the same duration: those of the program and those of
// Node itself (sockets, http, http2, fetch, AbortSignal.timeout, timers/promises). The list is asked for by
// `_idleTimeout`, and a timer that enters one is told by `_idleStart`. Both become accessors here: a timer that waits
// shows a duration that never ends, and is kept in a queue by the world's time; when that time has come, it shows 0,
// and Node moves it into the list that runs next. So Node itself runs the callback, with its own stack, its own
// microtasks, its own contexts, and ends the program as it always does; this file hides when that is.
'use strict'

const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { inspect } = require('node:util')
const { isMainThread } = require('node:worker_threads')

// The longest duration that Node takes, in milliseconds.
const NEVER = 2 ** 31 - 1

module.exports = function ({ folder, peek, die }) {
  // The timers that wait, in the order in which they run: by their exact time, then by when they began to wait.
  const queue = []
  let count = 0

  function before(a, b) {
    return a.exact < b.exact || (a.exact === b.exact && a.turn < b.turn)
  }

  function place(wait) {
    let [low, high] = [0, queue.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (before(queue[middle], wait)) low = middle + 1
      else high = middle
    }
    return low
  }

  function leave(wait) {
    if (wait.due !== undefined) queue.splice(place(wait), 1)
    wait.due = undefined
  }

  // A server of Node looks every half minute whether a request takes too long, as real time tells: nothing is to happen in
  // the world for that.
  function isOfServer(timer) {
    return timer._onTimeout?.name === 'bound checkConnections' && /\(node:_http_server:/.test(new Error().stack)
  }

  function enter(wait) {
    leave(wait)
    if (isOfServer(wait.timer)) return
    // An interval counts from when it was to run, not from when its callback has ended.
    const from = wait.timer._repeat ? (wait.rang ?? peek()) : peek()
    wait.rang = undefined
    wait.began = from
    wait.exact = from + Math.trunc(wait.asked) * 1000
    wait.due = Math.ceil(wait.exact / 1000) * 1000
    wait.turn = ++count
    queue.splice(place(wait), 0, wait)
  }

  // The arbiter knows the earliest time only. It is told at once: a tick or a timer of this file's own that told it
  // later would show in the program's stacks.
  let arbiter
  let number = 0
  let told

  function tell() {
    const due = queue[0]?.due
    if (due === told) return
    const cancelled = told === undefined ? '' : `cancel ${number}\n`
    arbiter?.send(due === undefined ? cancelled : `${cancelled}wait ${++number} ${due} ${arbiter.thread}\n`)
    told = due
  }

  // The timer that Node moves to the list that runs next.
  let moving

  function move(wait) {
    moving = wait
    refresh.call(wait.timer)
    moving = undefined
  }

  function woke(id) {
    // The world woke a wait that was cancelled meanwhile.
    if (id !== number || told === undefined) return
    const now = peek()
    const ripe = queue.findIndex((wait) => wait.due > told)
    told = undefined
    for (const wait of queue.splice(0, ripe === -1 ? queue.length : ripe)) {
      wait.due = undefined
      wait.rang = now
      move(wait)
    }
    tell()
  }

  // Every timer of Node, also those that Node itself makes.
  const waits = new WeakMap()
  function waitOf(timer) {
    let wait = waits.get(timer)
    if (!wait) waits.set(timer, (wait = { timer, due: undefined }))
    return wait
  }

  const first = setTimeout(() => {}, NEVER)
  clearTimeout(first)
  const { prototype } = first.constructor
  const { refresh } = prototype

  Object.defineProperties(prototype, {
    _idleTimeout: {
      configurable: true,
      get() {
        const wait = waits.get(this)
        if (!(wait?.asked >= 0)) return wait?.asked
        return wait === moving ? 0 : NEVER
      },
      set(asked) {
        const wait = waitOf(this)
        wait.asked = asked
        if (asked >= 0) return
        leave(wait)
        tell()
      },
    },
    _idleStart: {
      configurable: true,
      get() {
        return waits.get(this)?.start
      },
      set(start) {
        const wait = waitOf(this)
        wait.start = start
        if (start === null || wait === moving) return
        enter(wait)
        tell()
      },
    },
  })

  // Shown as ever, with what the program asked for and when in the program's life that was.
  const origin = peek()
  prototype[inspect.custom] = function (_, options) {
    const wait = waits.get(this)
    const shown = Object.create(prototype)
    const own = Object.getOwnPropertyDescriptors(this)
    const plain = (value) => ({ value, enumerable: true, configurable: true, writable: true })
    const { _idlePrev, _idleNext, ...rest } = own
    Object.defineProperties(shown, { _idleTimeout: plain(wait?.asked), _idlePrev, _idleNext, _idleStart: plain(wait && Math.floor((wait.began - origin) / 1000)) })
    for (const key of Reflect.ownKeys(rest)) Object.defineProperty(shown, key, rest[key])
    return inspect(shown, { ...options, depth: 0, customInspect: false })
  }

  // A Node whose timers are made otherwise would sleep in real time.
  const second = setTimeout(() => {}, NEVER)
  const known = queue.length === 1
  clearTimeout(second)
  if (!known || queue.length > 0) throw new Error(`the timers of Node ${process.version} are not known`)

  arbiter = connect(path.join(folder, 'arbiter'), woke, die)
}

// The connection to the arbiter. It never keeps a program alive: Node's own timers do.
function connect(address, woke, die) {
  let rest = ''
  const socket = net.connect({
    path: address,
    onread: {
      buffer: Buffer.alloc(4096),
      callback(size, buffer) {
        const lines = (rest + buffer.toString('latin1', 0, size)).split('\n')
        rest = lines.pop()
        for (const line of lines) if (line.startsWith('woke ')) woke(Number(line.slice(5)))
        return true
      },
    },
  })
  socket.unref()
  socket.on('error', die)
  socket.on('close', () => die('its keeper has gone'))
  const { fd } = socket._handle
  function send(text) {
    try {
      if (socket.writableLength === 0) return void fs.writeSync(fd, text)
    } catch (error) {
      if (error.code !== 'EAGAIN') return die(error)
    }
    socket.write(text)
  }
  let [pid, thread] = [process.pid, 0]
  if (!isMainThread) {
    const [own, , task] = fs.readlinkSync('/proc/thread-self').split('/')
    thread = Number(task) - Number(own)
  }
  send(`hello node ${pid}\n`)
  return { send, thread }
}
