"""How functions and methods are replaced so that programs cannot tell."""

import gc


class Builtin:
    """Stands for a built-in function. Unlike a function written in Python it becomes no method inside a class."""

    def __init__(self, original):
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__text_signature__", "__self__"):
            setattr(self, name, getattr(original, name, None))
        self.__wrapped__ = original

    # `inspect`, and with it `help`, goes by what an object says that it is.
    __class__ = property(lambda self: type(len))

    def __repr__(self):
        return repr(self.__wrapped__)

    def __reduce__(self):
        return self.__name__


def builtin(original, call):
    """A replacement of `original` that does what `call` does."""
    return type("builtin_function_or_method", (Builtin,), {"__call__": staticmethod(call)})(original)


def change_type(cls, **methods):
    """Changes methods of a type that is written in C, which Python itself refuses. Its objects stay what they are."""
    (table,) = (found for found in gc.get_referents(cls.__dict__) if isinstance(found, dict))
    for name, method in methods.items():
        function = getattr(method, "__func__", method)
        function.__name__, function.__qualname__ = name, "%s.%s" % (cls.__qualname__, name)
        function.__doc__ = table[name].__doc__
        table[name] = method
    # Setting the one attribute that can be set makes the interpreter forget what it remembers of the type.
    abstract = type.__dict__["__abstractmethods__"]
    abstract.__set__(cls, ())
    abstract.__delete__(cls)


def lasts(seconds):
    """Whether a time-out makes anybody wait. Those that no clock would ever reach do not end."""
    return isinstance(seconds, (int, float)) and 0 < seconds < 9e9
