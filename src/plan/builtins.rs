//! Names that are there without being defined: what a program may read without continuing another step. Words with blanks
//! between.

/// Python 3: `dir(builtins)` and the names that every module has.
pub(super) const PYTHON: &str = "\
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError \
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError \
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning \
    EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError \
    FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError \
    IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None \
    NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning \
    PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning \
    StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True \
    TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError \
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii bin bool \
    breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir \
    divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input \
    int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow \
    print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type \
    vars zip __name__ __file__ __doc__ __builtins__ __import__ __annotations__ __debug__ _ self cls reveal_type";

/// Globals of Node.js (its documentation, "Global objects"), of CommonJS, and the types that TypeScript brings.
pub(super) const JAVASCRIPT: &str = "\
    AbortController AbortSignal AggregateError Array ArrayBuffer ArrayLike AsyncGenerator AsyncIterable \
    AsyncIterator Atomics Awaited BigInt BigInt64Array BigUint64Array Blob BodyInit Boolean BroadcastChannel \
    Buffer BufferEncoding ByteLengthQueuingStrategy Capitalize CompressionStream ConstructorParameters \
    CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DataView Date DecompressionStream Error \
    EvalError Event EventEmitter EventSource EventTarget Exclude Extract File FinalizationRegistry Float32Array \
    Float64Array FormData Function Generator Headers HeadersInit Infinity InstanceType Int16Array Int32Array \
    Int8Array Intl Iterable IterableIterator Iterator JSON Lowercase Map Math MessageChannel MessageEvent \
    MessagePort NaN NoInfer NodeJS NonNullable Number Object Omit Parameters Partial Performance Pick Promise \
    PromiseLike PropertyKey Proxy RangeError ReadableStream Readonly ReadonlyArray ReadonlyMap ReadonlySet \
    Record ReferenceError Reflect RegExp Request RequestInfo RequestInit Required Response ResponseInit \
    ReturnType Set SharedArrayBuffer String Symbol SyntaxError TextDecoder TextDecoderStream TextEncoder \
    TextEncoderStream ThisType TransformStream TypeError URIError URL URLSearchParams Uint16Array Uint32Array \
    Uint8Array Uint8ClampedArray Uncapitalize Uppercase WeakMap WeakRef WeakSet WebAssembly WebSocket \
    WritableStream __dirname __filename abstract accessor any arguments asserts async atob bigint boolean btoa \
    clearImmediate clearInterval clearTimeout console crypto declare decodeURI decodeURIComponent document \
    encodeURI encodeURIComponent enum escape eval exports fetch get global globalThis implements infer interface \
    is isFinite isNaN keyof module namespace navigator never null number object of out override parseFloat \
    parseInt performance private process protected public queueMicrotask readonly require satisfies self set \
    setImmediate setInterval setTimeout string structuredClone symbol type undefined unescape unique unknown \
    void window";
