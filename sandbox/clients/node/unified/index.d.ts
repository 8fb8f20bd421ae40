/** Names in lower case. */
export type Headers = Record<string, string>

export interface TrutoOptions {
  /** The API token. Without one the API answers 401. */
  apiKey?: string | undefined
  /** `https://api.truto.one` where not said. */
  baseUrl?: string | undefined
}

/** What every call takes. */
export interface CallOptions {
  /** Further query parameters, as the API calls them. */
  query?: Record<string, unknown> | undefined
  /** Further header fields. */
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
}

export interface ReadOptions extends CallOptions {
  integratedAccountId?: string | undefined
  /** Goes to the provider untouched. */
  remoteQuery?: Record<string, unknown> | undefined
  excludeFields?: string[] | undefined
  ignoreRemoteData?: boolean | undefined
  responseFormat?: 'unified' | 'raw' | 'normalized' | undefined
}

export interface PageOptions {
  /** Records a page; `pageSize` is the same. */
  limit?: number | undefined
  pageSize?: number | undefined
  /** `{ updated_after: '…' }`, `{ created_at: { gt: '…' } }`, `{ status: { in: ['a', 'b'] } }`. */
  filter?: Record<string, unknown> | undefined
  sortBy?: string | Record<string, 'asc' | 'desc'> | undefined
}

export interface ListOptions extends ReadOptions, PageOptions {
  /** `next_cursor` of the page before; the first page where there is none. */
  nextCursor?: string | null | undefined
  prevCursor?: string | null | undefined
  ignoreLimit?: boolean | undefined
  keyBy?: string | undefined
}

export interface GetOptions extends ReadOptions {
  id: string
}

export interface CreateOptions extends ReadOptions {
  data?: Record<string, unknown> | undefined
  /** The same key answers the stored response, without a second write. */
  idempotencyKey?: string | undefined
}

export interface UpdateOptions extends CreateOptions {
  id: string
}

/** A record, with the answer's header fields: they do not show where the record is printed. */
export type Answer<T = any> = T & { headers: Headers }

export interface Page<T = any> {
  result: T[]
  /** The same as `result`; like `headers` it does not show where the page is printed. */
  data: T[]
  next_cursor: string | null
  prev_cursor: string | null
  result_count?: number
  is_partial_response?: boolean
  headers: Headers
}

export interface Resource {
  list(options?: ListOptions): Promise<Page>
  get(options: GetOptions): Promise<Answer>
  get(id: string, options?: ReadOptions): Promise<Answer>
  create(options?: CreateOptions): Promise<Answer>
  update(options: UpdateOptions): Promise<Answer>
  update(id: string, options?: CreateOptions): Promise<Answer>
  delete(options: GetOptions): Promise<Answer>
  delete(id: string, options?: ReadOptions): Promise<Answer>
  /** A method of the resource's own. */
  method(name: string, options?: CreateOptions): Promise<Answer>
  /** What a method takes and gives. */
  meta(method: string, options?: ReadOptions): Promise<Answer>
}

export interface AccountListOptions extends CallOptions, PageOptions {
  unifiedModel?: string | undefined
  tenantId?: string | undefined
  status?: string | undefined
}

export interface IntegratedAccount {
  id: string
  tenant_id: string
  status: string
  [field: string]: any
}

export interface IntegratedAccounts {
  /** All accounts that fit, from all pages. */
  list(options?: AccountListOptions): Promise<Answer<IntegratedAccount[]>>
  get(options: CallOptions & { id: string }): Promise<Answer<IntegratedAccount>>
  get(id: string, options?: CallOptions): Promise<Answer<IntegratedAccount>>
  capabilities(options: CallOptions & { id: string; unifiedModel?: string | undefined }): Promise<Answer>
  capabilities(id: string, options?: CallOptions & { unifiedModel?: string | undefined }): Promise<Answer>
}

export interface RequestOptions extends CallOptions {
  data?: unknown
  idempotencyKey?: string | undefined
}

/** A client of the unified API. It never repeats a request by itself. */
export class Truto {
  constructor(options?: TrutoOptions)
  /** `unified.<model>.<resource>`. */
  readonly unified: Record<string, Record<string, Resource>>
  /** `proxy.<resource>`: the provider's own resources. */
  readonly proxy: Record<string, Resource>
  readonly integratedAccounts: IntegratedAccounts
  /** One request to any path. */
  request(method: string, path: string, options?: RequestOptions): Promise<any>
}

/** What a call throws. */
export class TrutoError extends Error {
  /** The answer's status; 0 where there was no answer. */
  readonly status: number
  readonly headers: Headers
  /** The answer's body; text where it is no JSON, null where it is empty. */
  readonly body: any
}

export default Truto
