// Leads this program's connections to doccheck's sandbox.
//
// Loaded by `node --require` before the program. Every client of Node (fetch, http, https, http2, and packages
// such as axios, got or undici) ends in `net.Socket.prototype.connect`, so that is the one place that is changed:
// a connection to a host of the sandbox goes to the sandbox's port on loopback, the page's own services stay
// free, and every other host is refused by name before anybody asks a name server.
'use strict'

// First, so that all that is loaded from now on takes the world's time.
if (process.env.DOCCHECK_CLOCK) require('./clock.cjs')

const dns = require('node:dns')
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')

const folder = path.dirname(__dirname)
const ownName = os.hostname().toLowerCase()

// Read at the first connection: an interpreter may be started before its page is known.
let known
function routes() {
  if (known) return known
  const found = { ports: new Map(), names: new Map(), addresses: new Map() }
  for (const line of fs.readFileSync(path.join(folder, 'routes'), 'utf8').split('\n').filter(Boolean)) {
    const [host, address, port, to] = line.split(' ')
    found.ports.set(`${host} ${port}`, Number(to))
    found.addresses.set(host, address)
    found.names.set(address, host)
  }
  return (known = found)
}

function plain(host) {
  return String(host).replace(/^\[|\]$|\.$/g, '').toLowerCase()
}

function isOwn(host) {
  return ['', 'localhost', '::1', '0.0.0.0', '::', ownName].includes(host) || /(^127\.|^::ffff:127\.|\.localhost$)/.test(host)
}

// Notes the refusal for the step, and gives the error for the program.
function refuse(host, port, syscall) {
  const shown = net.isIPv6(host) ? `[${host}]` : host
  const name = port === undefined || port === 80 || port === 443 ? shown : `${shown}:${port}`
  fs.appendFileSync(path.join(folder, 'refused'), `${name}\n`)
  const code = syscall === 'connect' ? 'ECONNREFUSED' : 'ENOTFOUND'
  return Object.assign(new Error(`no sandbox serves host ${name}`), { code, syscall, hostname: host })
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  // Node's own callers pass options and callback in one array that is normalized already.
  const normal = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args)
  const options = normal[0]
  if (options.path != null || options.host == null || isOwn(plain(options.host))) return connect.apply(this, args)
  const asked = plain(options.host)
  const port = Number(options.port)
  const host = routes().names.get(asked) ?? asked
  const to = routes().ports.get(`${host} ${port}`)
  if (to === undefined) {
    const error = refuse(host, port, 'connect')
    process.nextTick(() => this.destroy(error))
    return this
  }
  normal[0] = { ...options, host: '127.0.0.1', port: to, lookup: undefined, autoSelectFamily: false }
  // `tls.connect({ host })` names no server by itself, and the sandbox has one certificate a name.
  if (this.encrypted && !options.servername && !net.isIP(host)) this.setServername(host)
  return connect.call(this, normal)
}

// Trust in the sandbox. The variable that Node has for it (NODE_EXTRA_CA_CERTS) makes every start read all of
// Node's own roots too, which takes longer than the start itself.
let authority
const createSecureContext = tls.createSecureContext
tls.createSecureContext = function (options) {
  authority ??= fs.readFileSync(path.join(folder, 'ca.pem'), 'utf8')
  return createSecureContext.call(this, { ...options, ca: [options?.ca ?? [], authority].flat() })
}

// What `lookup` answers for a host: its address in the sandbox, or an error; undefined where Node may answer.
function answer(name) {
  const host = plain(name)
  if (isOwn(host) || net.isIP(host)) return undefined
  const address = routes().addresses.get(host)
  return address ? { address, family: 4 } : refuse(host, undefined, 'getaddrinfo')
}

const lookup = dns.lookup
dns.lookup = function (name, options, callback) {
  const found = name ? answer(name) : undefined
  if (found === undefined) return lookup.apply(this, arguments)
  const done = typeof options === 'function' ? options : callback
  process.nextTick(() => {
    if (found instanceof Error) done(found)
    else if (options?.all) done(null, [found])
    else done(null, found.address, found.family)
  })
  return {}
}

const lookupPromise = dns.promises.lookup
dns.promises.lookup = async function (name, options) {
  const found = name ? answer(name) : undefined
  if (found === undefined) return lookupPromise.apply(this, arguments)
  if (found instanceof Error) throw found
  return options?.all ? [found] : found
}

syncBuiltinESMExports()
