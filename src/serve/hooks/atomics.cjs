// `Atomics.wait` with a time-out, the one way in which Node code sleeps without its event loop.
//
// The thread that waits can do nothing else, so another thread keeps its time: a worker with timers of its own, made
// for the first such wait, which notifies the waiting thread when the time is over.
'use strict'

// Runs in the keeper, whose timers follow the world's clock as those of every thread.
function keep(port) {
  let timer
  port.on('message', ({ array, index, timeout, over }) => {
    clearTimeout(timer)
    if (!array) return
    timer = setTimeout(() => {
      Atomics.store(over, 0, 1)
      Atomics.notify(array, index)
    }, timeout)
  })
}

module.exports = function ({ wait, waitAsync, peek, publish }) {
  const endless = (timeout) => timeout === undefined || !(timeout > 0 && timeout < Infinity)
  const { setTimeout, clearTimeout } = require('node:timers')
  let keeper

  return {
    wait(array, index, value, given) {
      const timeout = given === undefined ? given : Number(given)
      if (endless(timeout)) return wait(array, index, value, timeout)
      // Node answers at once, or refuses, where there is nothing to wait for.
      const now = wait(array, index, value, 0)
      if (now !== 'timed-out') return now
      if (!keeper) {
        const { Worker } = require('node:worker_threads')
        keeper = new Worker(`(${keep})(require('node:worker_threads').parentPort)`, { eval: true })
        keeper.unref()
      }
      // The keeper counts from what this thread has read.
      peek()
      publish()
      const over = new Int32Array(new SharedArrayBuffer(4))
      keeper.postMessage({ array, index, timeout: Math.ceil(timeout), over })
      const woken = wait(array, index, value)
      if (woken === 'ok' && Atomics.load(over, 0) === 1) return 'timed-out'
      keeper.postMessage({})
      return woken
    },

    waitAsync(array, index, value, given) {
      const timeout = given === undefined ? given : Number(given)
      if (endless(timeout)) return waitAsync(array, index, value, timeout)
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
  }
}
