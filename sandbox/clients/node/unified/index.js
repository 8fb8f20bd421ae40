// A client of the unified API, on `fetch` alone. One call is one request: nothing is retried, cached or waited for, so
// that a program sees every answer, errors and limits included.

const BASE_URL = 'https://api.truto.one'

// Options that are query parameters, and what they are called there.
const PARAMETERS = {
  integratedAccountId: 'integrated_account_id',
  unifiedModel: 'unified_model',
  tenantId: 'tenant_id',
  status: 'status',
  limit: 'limit',
  pageSize: 'limit',
  nextCursor: 'next_cursor',
  prevCursor: 'prev_cursor',
  sortBy: 'sort_by',
  remoteQuery: 'remote_query',
  excludeFields: 'truto_exclude_fields',
  ignoreRemoteData: 'truto_ignore_remote_data',
  ignoreLimit: 'truto_ignore_limit',
  keyBy: 'truto_key_by',
  responseFormat: 'truto_response_format',
}

// What each kind of call takes.
const EVERY = ['query', 'headers', 'signal']
const READ = [...EVERY, 'integratedAccountId', 'remoteQuery', 'excludeFields', 'ignoreRemoteData', 'responseFormat']
const PAGED = ['limit', 'pageSize', 'nextCursor', 'prevCursor', 'sortBy', 'filter']
const LIST = [...READ, ...PAGED, 'ignoreLimit', 'keyBy']
const WRITE = [...READ, 'data', 'idempotencyKey']
const ACCOUNTS = [...EVERY, 'unifiedModel', 'tenantId', 'status', 'limit', 'pageSize', 'sortBy', 'filter']

/** What a call throws where the API answered with an error, or where it could not be reached (then `status` is 0). */
export class TrutoError extends Error {
  constructor(message, { status = 0, headers = {}, body = null, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TrutoError'
    this.status = status
    this.headers = headers
    this.body = body
  }
}

export class Truto {
  #apiKey
  #baseUrl

  constructor({ apiKey, baseUrl = BASE_URL } = {}) {
    this.#apiKey = apiKey
    this.#baseUrl = String(baseUrl).replace(/\/+$/, '')
    /** `unified.<model>.<resource>`: any model and any resource. */
    this.unified = byName((model) => byName((resource) => new Resource(this, ['unified', model, resource])))
    /** `proxy.<resource>`: the provider's own resources, past the unified model. */
    this.proxy = byName((resource) => new Resource(this, ['proxy', ...resource.split('/')]))
    this.integratedAccounts = new IntegratedAccounts(this)
  }

  /** One request to any path, for what has no method of its own. */
  async request(method, path, options = {}) {
    const { query, data, headers, idempotencyKey, signal } = options
    const url = new URL(this.#baseUrl + path)
    for (const [name, value] of Object.entries(query ?? {})) append(url.searchParams, name, value)
    const sent = { accept: 'application/json', 'user-agent': 'truto-sdk-node/0.1.0' }
    // Without a key the API says what is missing.
    if (this.#apiKey) sent.authorization = `Bearer ${this.#apiKey}`
    if (data !== undefined) sent['content-type'] = 'application/json'
    if (idempotencyKey !== undefined) sent['idempotency-key'] = String(idempotencyKey)
    for (const [name, value] of Object.entries(headers ?? {})) sent[name.toLowerCase()] = String(value)
    const body = data === undefined ? undefined : JSON.stringify(data)
    let answer, text
    try {
      answer = await fetch(url, { method, headers: sent, body, signal, redirect: 'manual' })
      text = await answer.text()
    } catch (cause) {
      // Who gave up waiting knows why.
      if (signal?.aborted) throw cause
      const reason = cause.cause?.message || cause.message
      throw new TrutoError(`cannot reach ${url.origin}: ${reason}`, { cause })
    }
    const answered = Object.fromEntries(answer.headers)
    const content = parsed(text, answered['content-type'])
    if (!answer.ok) {
      const told = typeof content?.message === 'string' ? content.message : `${answer.status} ${answer.statusText}`.trim()
      throw new TrutoError(told, { status: answer.status, headers: answered, body: content })
    }
    return withHeaders(content, answered)
  }
}

class Resource {
  #client
  #path

  constructor(client, segments) {
    this.#client = client
    this.#path = `/${segments.map(encodeURIComponent).join('/')}`
  }

  /** One page: `result` (also `data`), `next_cursor`, `prev_cursor`, `headers`. */
  async list(options) {
    const page = await this.#send('GET', '', 'list', options, LIST)
    return Array.isArray(page?.result) ? hidden(page, 'data', page.result) : page
  }

  async get(id, options) {
    const [segment, rest] = identified('get', id, options)
    return this.#send('GET', segment, 'get', rest, READ)
  }

  async create(options) {
    return this.#send('POST', '', 'create', { ...options, data: options?.data ?? {} }, WRITE)
  }

  async update(id, options) {
    const [segment, rest] = identified('update', id, options)
    return this.#send('PATCH', segment, 'update', { ...rest, data: rest.data ?? {} }, WRITE)
  }

  async delete(id, options) {
    const [segment, rest] = identified('delete', id, options)
    return this.#send('DELETE', segment, 'delete', rest, READ)
  }

  /** A method of the resource's own, such as `contacts.method('merge', { data })`. */
  async method(name, options) {
    const data = options?.data ?? {}
    return this.#send('POST', `/${encodeURIComponent(name)}`, 'method', { ...options, data }, WRITE)
  }

  /** What a method takes and gives. */
  async meta(method, options) {
    return this.#send('GET', `/meta/${encodeURIComponent(method)}`, 'meta', options, READ)
  }

  #send(method, segment, call, options, known) {
    return this.#client.request(method, this.#path + segment, requested(call, options, known))
  }
}

class IntegratedAccounts {
  #client

  constructor(client) {
    this.#client = client
  }

  /** All accounts that fit, from all pages, as an array. */
  async list(options) {
    const request = requested('list', options, ACCOUNTS)
    const accounts = []
    let page
    let cursor
    do {
      const query = { ...request.query, ...(cursor ? { next_cursor: cursor } : {}) }
      page = await this.#client.request('GET', '/integrated-account', { ...request, query })
      if (!Array.isArray(page?.result)) {
        throw new TrutoError('the answer holds no list of accounts', { status: 200, headers: page?.headers, body: page })
      }
      accounts.push(...page.result)
      cursor = page.next_cursor
    } while (cursor)
    return withHeaders(accounts, page.headers)
  }

  async get(id, options) {
    const [segment, rest] = identified('get', id, options)
    return this.#client.request('GET', `/integrated-account${segment}`, requested('get', rest, EVERY))
  }

  /** What the account can do: models, resources, methods. */
  async capabilities(id, options) {
    const [segment, rest] = identified('capabilities', id, options)
    const request = requested('capabilities', rest, [...EVERY, 'unifiedModel'])
    return this.#client.request('GET', `/integrated-account${segment}/capabilities`, request)
  }
}

// An object that has something by every name.
function byName(make) {
  const made = new Map()
  return new Proxy(Object.freeze({}), {
    get(target, name) {
      // What the language itself asks an object for: `await` for `then`, `JSON.stringify` for `toJSON`.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in target) return target[name]
      if (!made.has(name)) made.set(name, make(name))
      return made.get(name)
    },
  })
}

// The path's segment for `get('id', {…})` as for `get({ id, … })`, and the other options.
function identified(call, id, options) {
  const { id: named, ...rest } = typeof id === 'object' && id !== null ? id : { ...options, id }
  // A path without its last segment would be that of all records.
  if (named === undefined || named === null || named === '') throw new TypeError(`\`${call}\` needs an \`id\``)
  return [`/${encodeURIComponent(named)}`, rest]
}

// The request for a call's options. A misspelt one is told, since the API ignores parameters that it does not know.
function requested(call, options = {}, known) {
  const { filter, query, data, headers, idempotencyKey, signal } = options
  const parameters = {}
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`\`${call}\` has no option \`${name}\`; it has ${known.join(', ')}; \`query\` takes other parameters`)
    }
    if (name in PARAMETERS && value !== undefined) parameters[PARAMETERS[name]] = value
  }
  return { query: { ...filter, ...parameters, ...query }, data, headers, idempotencyKey, signal }
}

// `{ created_at: { gt: x } }` is `created_at[gt]=x`, `{ status: { in: [a, b] } }` is `status[in]=a,b`, other arrays
// are `name[]=a&name[]=b`.
function append(parameters, name, value) {
  if (value === undefined || value === null) return
  if (value instanceof Date) {
    parameters.append(name, value.toISOString())
  } else if (Array.isArray(value)) {
    if (name.endsWith('[in]')) parameters.append(name, value.join(','))
    else for (const item of value) append(parameters, `${name}[]`, item)
  } else if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) append(parameters, `${name}[${key}]`, inner)
  } else {
    parameters.append(name, String(value))
  }
}

// A body as its type says; one that only claims to be JSON stays text.
function parsed(text, type = '') {
  if (text === '') return null
  if (!/\bjson\b/i.test(type)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

// What the client adds to an answer is there for who asks, and does not show where the answer is printed or saved.
function hidden(answer, name, value) {
  if (Object.hasOwn(answer, name)) return answer
  return Object.defineProperty(answer, name, { value, enumerable: false, writable: true, configurable: true })
}

function withHeaders(answer, headers) {
  return typeof answer === 'object' && answer !== null ? hidden(answer, 'headers', headers) : answer
}

export default Truto
