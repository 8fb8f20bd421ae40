// The thread that keeps the time of one that blocks: its timers follow the world's clock, as those of every thread.
//
// A worker of blocking.cjs. What it is told is either a wait of `Atomics`, which it ends when its time is over, or a
// program that is to be run synchronously. Node ends such a program by a timer in real time that nothing else can set off,
// so it is run here, and what becomes of it is what Node's own code makes of it (`SyncProcessRunner`).
'use strict'

const { ChildProcess } = require('node:child_process')
const { constants } = require('node:os')
const { setTimeout, clearTimeout } = require('node:timers')
const { parentPort, workerData: answers } = require('node:worker_threads')

const { SIGKILL, SIGTERM } = constants.signals

let timer

function wake({ array, index, over }) {
  Atomics.store(over, 0, 1)
  Atomics.notify(array, index)
}

// Runs a program, and calls `done` with its process number, its status and signal, what it wrote, and what went wrong.
function run({ timeout, maxBuffer, killSignal, stdio, ...options }, done) {
  const child = new ChildProcess()
  let refused
  try {
    refused = child.spawn({ ...options, stdio: stdio.map(({ type, fd }) => fd ?? type) })
  } catch ({ errno }) {
    refused = errno
  }
  child.on('error', () => {})
  if (refused) return done({ pid: 0, status: null, signal: null, output: null, error: refused })

  const result = { pid: child.pid, status: null, signal: null, output: stdio.map(() => null) }
  const sockets = []
  let [open, size, isRunning, isKilled] = [1, 0, true, false]
  const fail = (errno) => (result.error ??= errno)

  function send(signal) {
    try {
      process.kill(child.pid, signal)
    } catch ({ errno }) {
      return errno
    }
    return 0
  }

  // The pipes are closed whoever holds their other ends: what the program has started may live on.
  function kill(errno) {
    if (isKilled) return
    isKilled = true
    clearTimeout(timer)
    fail(errno)
    const refused = isRunning ? send(killSignal || SIGTERM) : 0
    if (refused !== 0 && refused !== -constants.errno.ESRCH) {
      fail(refused)
      send(SIGKILL)
    }
    for (const socket of sockets) socket.destroy()
  }

  function close() {
    if (--open > 0) return
    clearTimeout(timer)
    for (const [at, chunks] of result.output.entries()) if (chunks) result.output[at] = Buffer.concat(chunks)
    done(result)
  }

  child.on('exit', (status, signal) => {
    isRunning = false
    Object.assign(result, { status, signal })
    close()
  })

  for (const [at, { type, readable, writable, input }] of stdio.entries()) {
    if (type !== 'pipe') continue
    open += 1
    const socket = child.stdio[at]
    sockets.push(socket)
    socket.on('close', close)
    socket.on('error', ({ errno }) => fail(errno))
    if (readable) socket.end(input && Buffer.from(input.buffer, input.byteOffset, input.byteLength))
    if (!writable) {
      socket.resume()
      continue
    }
    const chunks = (result.output[at] = [])
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (maxBuffer > 0 && size > maxBuffer) kill(-constants.errno.ENOBUFS)
    })
  }
  timer = setTimeout(kill, timeout, -constants.errno.ETIMEDOUT)
}

parentPort.on('message', ({ wait, program, done }) => {
  clearTimeout(timer)
  if (wait) timer = setTimeout(wake, wait.timeout, wait)
  if (!program) return
  run(program, (result) => {
    answers.postMessage(result)
    Atomics.store(done, 0, 1)
    Atomics.notify(done, 0)
  })
})
