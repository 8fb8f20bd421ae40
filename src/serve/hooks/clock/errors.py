"""What the interpreter itself prints of an uncaught exception has no frames of this package."""

from .replacing import builtin


def change_sys(sys, clock, arbiter):
    real = sys.__excepthook__

    def excepthook(kind, error, trace):
        from .traces import without_own

        without_own(error)
        real(kind, error, getattr(error, "__traceback__", trace))

    replaced = builtin(real, excepthook)
    if sys.excepthook is real:
        sys.excepthook = replaced
    sys.__excepthook__ = replaced


def change_threading(threading):
    real = threading.excepthook

    def excepthook(args):
        from .traces import without_own

        if args.exc_value is not None:
            without_own(args.exc_value)
            shown = args.exc_type, args.exc_value, args.exc_value.__traceback__, args.thread
            args = threading.ExceptHookArgs(shown)
        real(args)

    threading.excepthook = builtin(real, excepthook)
    if hasattr(threading, "__excepthook__"):
        threading.__excepthook__ = threading.excepthook
