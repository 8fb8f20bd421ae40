// Imports the steps of a page, one module after the other, into one Node: commands come as lines of JSON on
// descriptor 200, and 201 is told how each step ended. A step has ended when its event loop is empty.
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import util from 'node:util'

let buffered = ''
let step = null
let texts = new Map()
let starts = []
let count = 0

function readLine() {
  const chunk = Buffer.alloc(65536)
  while (!buffered.includes('\n')) {
    const size = fs.readSync(200, chunk)
    if (size === 0) return null
    buffered += chunk.toString('utf8', 0, size)
  }
  const end = buffered.indexOf('\n')
  const line = buffered.slice(0, end)
  buffered = buffered.slice(end + 1)
  return line
}

function tell(exit, over) {
  const parts = [...texts].map(([at, text]) => ['watch', at, text])
  fs.writeSync(201, JSON.stringify({ exit, parts, over }) + '\n')
  step = null
}

// A step's output goes to its own files. Node cannot replace its descriptors, so its streams are led there.
for (const [stream, file] of [[process.stdout, 'out'], [process.stderr, 'err']]) {
  const write = stream.write.bind(stream)
  stream.write = (chunk, encoding, done) => {
    if (step === null) return write(chunk, encoding, done)
    fs.appendFileSync(step[file], typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback) process.nextTick(callback)
    return true
  }
}

function hidden(key, value) {
  Object.defineProperty(globalThis, Symbol.for(key), { value, enumerable: false })
}

hidden('doccheck.register', (names) => {
  for (const [name, [get, set]] of Object.entries(names)) {
    Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: false })
  }
})

hidden('doccheck.watch', {
  begin() {
    starts.push(fs.statSync(step.out).size)
  },
  end(at) {
    const start = starts.pop()
    const text = fs.readFileSync(step.out).subarray(start).toString('utf8')
    texts.set(at, (texts.get(at) ?? '') + text)
  },
  value(at, value) {
    const text = util.inspect(value)
    texts.set(at, texts.has(at) ? `${texts.get(at)}\n${text}` : text)
    return value
  },
})

function fail(error) {
  const text = error instanceof Error && error.stack ? util.inspect(error) : `Uncaught ${util.inspect(error)}`
  process.stderr.write(`${text}\n\nNode.js ${process.version}\n`)
  process.exitCode = 1
  finish()
}

let failed = false
process.on('uncaughtException', (error) => {
  if (step === null) throw error
  failed = true
  fail(error)
  setImmediate(next)
})

function finish() {
  const exit = Number(process.exitCode ?? 0)
  process.exitCode = undefined
  const fresh = step?.fresh
  tell(fresh ? null : exit, Boolean(fresh))
  if (fresh) process.exit(exit)
}

process.on('exit', (code) => {
  if (step !== null) tell(null, true)
})

let loaded = true
process.on('beforeExit', () => {
  if (step !== null) {
    if (!loaded) {
      process.stderr.write('Warning: Detected unsettled top-level await\n')
      process.exitCode = 13
    }
    finish()
  }
  next()
})

function next() {
  const line = readLine()
  if (line === null) process.exit(0)
  const command = JSON.parse(line)
  process.chdir(command.cwd)
  for (const name of Object.keys(process.env)) if (!(name in command.env)) delete process.env[name]
  Object.assign(process.env, command.env)
  process.argv[1] = command.module
  texts = new Map()
  starts = []
  loaded = false
  failed = false
  step = command
  const current = step
  const url = `${pathToFileURL(command.module)}?step=${count++}`
  import(url).then(
    () => {
      loaded = true
    },
    (error) => {
      if (step !== current) return
      loaded = true
      fail(error)
      setImmediate(next)
    },
  )
}

next()
