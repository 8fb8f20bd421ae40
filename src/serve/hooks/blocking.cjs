// Waits that block a thread of Node with its event loop: `Atomics.wait`, and programs that are run synchronously, each
// with a time-out.
//
// The thread that waits can do nothing else, so another thread keeps its time: a worker with timers of its own, made
// for the first such wait, which ends the wait when its time is over.
'use strict'

const fs = require('node:fs')
const { constants } = require('node:os')
const { setTimeout, clearTimeout } = require('node:timers')
const { Worker } = require('node:worker_threads')

// Runs in the keeper, whose timers follow the world's clock as those of every thread.
function keep(port, childrenOf) {
  let timer
  port.on('message', ({ timeout, over, array, index, parent, known, signal }) => {
    clearTimeout(timer)
    if (timeout === undefined) return
    timer = setTimeout(() => {
      Atomics.store(over, 0, 1)
      if (array) Atomics.notify(array, index)
      for (const child of parent ? childrenOf(parent) : []) if (!known.includes(child)) process.kill(child, signal)
    }, timeout)
  })
}

// The processes that a thread has started and that have not ended.
function childrenOf(thread) {
  return require('node:fs').readFileSync(`/proc/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

module.exports = function ({ wait, waitAsync, spawn, peek, publish }) {
  const isLimit = (timeout) => timeout > 0 && timeout < Infinity
  let keeper

  // Blocks, and tells what that gave, and whether the time was over.
  function limited(timeout, end, block) {
    keeper ??= new Worker(`(${keep})(require('node:worker_threads').parentPort, ${childrenOf})`, { eval: true })
    keeper.unref()
    // The keeper counts from what this thread has read.
    peek()
    publish()
    const over = new Int32Array(new SharedArrayBuffer(4))
    keeper.postMessage({ timeout: Math.ceil(timeout), over, ...end })
    const given = block()
    keeper.postMessage({})
    return [given, Atomics.load(over, 0) === 1]
  }

  return {
    wait(array, index, value, given) {
      const timeout = given === undefined ? given : Number(given)
      if (!isLimit(timeout)) return wait(array, index, value, timeout)
      // Node answers at once, or refuses, where there is nothing to wait for.
      const now = wait(array, index, value, 0)
      if (now !== 'timed-out') return now
      const [woken, isOver] = limited(timeout, { array, index }, () => wait(array, index, value))
      return woken === 'ok' && isOver ? now : woken
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
      const parent = fs.readlinkSync('/proc/thread-self')
      const end = { parent, known: childrenOf(parent), signal: options.killSignal || constants.signals.SIGTERM }
      const [result, isOver] = limited(options.timeout, end, () => spawn({ ...options, timeout: 0 }))
      if (isOver && result.error === undefined) result.error = -constants.errno.ETIMEDOUT
      return result
    },
  }
}
