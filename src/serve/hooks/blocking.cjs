// Waits that block a thread of Node with its event loop: `Atomics.wait`, and programs that are run synchronously, each
// with a time-out.
//
// The thread that waits can do nothing else, so another thread keeps its time: a worker with timers of its own
// (keeper.cjs), made for the first such wait.
'use strict'

const path = require('node:path')
const { setTimeout, clearTimeout } = require('node:timers')
const { MessageChannel, Worker, receiveMessageOnPort } = require('node:worker_threads')

module.exports = function ({ wait, waitAsync, peek, publish }) {
  const isLimit = (timeout) => timeout > 0 && timeout < Infinity
  let keeper
  let answers

  function ask(task) {
    if (!keeper) {
      const { port1, port2 } = new MessageChannel()
      answers = port1
      keeper = new Worker(path.join(__dirname, 'keeper.cjs'), { workerData: port2, transferList: [port2] })
      keeper.unref()
    }
    // The keeper counts from what this thread has read.
    peek()
    publish()
    keeper.postMessage(task)
  }

  return {
    wait(array, index, value, given) {
      const timeout = given === undefined ? given : Number(given)
      if (!isLimit(timeout)) return wait(array, index, value, timeout)
      // Node answers at once, or refuses, where there is nothing to wait for.
      const now = wait(array, index, value, 0)
      if (now !== 'timed-out') return now
      const over = new Int32Array(new SharedArrayBuffer(4))
      ask({ wait: { timeout: Math.ceil(timeout), array, index, over } })
      const woken = wait(array, index, value)
      keeper.postMessage({})
      return woken === 'ok' && Atomics.load(over, 0) === 1 ? now : woken
    },

    waitAsync(array, index, value, given) {
      const timeout = given === undefined ? given : Number(given)
      if (!isLimit(timeout)) return waitAsync(array, index, value, timeout)
      const waiting = waitAsync(array, index, value)
      if (!waiting.async) return waiting
      const answer = new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(timeout), 'timed-out').unref()
        waiting.value.then((woken) => {
          clearTimeout(timer)
          resolve(woken)
        })
      })
      return { async: true, value: answer }
    },

    spawn(options) {
      const { file, args, cwd, envPairs, detached, uid, gid, windowsHide, maxBuffer, killSignal } = options
      const timeout = Math.ceil(options.timeout)
      const stdio = options.stdio.map(({ type, fd, readable, writable, input }) => ({ type, fd, readable, writable, input }))
      const program = { file, args, cwd, envPairs, detached, uid, gid, windowsHide, stdio, timeout, maxBuffer, killSignal }
      const done = new Int32Array(new SharedArrayBuffer(4))
      ask({ program, done })
      wait(done, 0, 0)
      const { error, status, signal, output, pid } = receiveMessageOnPort(answers).message
      const bytes = (written) => written && Buffer.from(written.buffer, written.byteOffset, written.byteLength)
      // In the order in which Node shows them.
      return { ...(error && { error }), status, signal, output: output && output.map(bytes), pid }
    },
  }
}
