// Asking the arbiter to move the clock for everybody who has slept out of the hooks' reach and woken.
//
// A reading cannot wait for the event loop, so this is a connection of its own that blocks: Node has such pipes inside,
// for standard output.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

module.exports = function ({ folder, die }) {
  const { Pipe, PipeConnectWrap, constants } = process.binding('pipe_wrap')
  const pipe = new Pipe(constants.SOCKET)
  const request = new PipeConnectWrap()
  request.oncomplete = () => {}
  const refused = pipe.connect(request, path.join(folder, 'arbiter'))
  pipe.setBlocking(true)
  pipe.unref()
  const answer = Buffer.alloc(64)
  let number = 0

  // Blocks until that is done.
  return function settle() {
    try {
      if (refused) throw new Error(`its keeper cannot be reached (${refused})`)
      fs.writeSync(pipe.fd, `now ${++number}\n`)
      do {
        if (fs.readSync(pipe.fd, answer) === 0) throw new Error('its keeper has gone')
      } while (!answer.includes('\n'))
      answer.fill(0)
    } catch (error) {
      die(error)
    }
  }
}
