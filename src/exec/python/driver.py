# Runs the steps of a page as programs: commands come as lines of JSON on descriptor 200, and 201 is told how each
# step ended. Nothing of this file shows in what a step sees: not in its globals, not in its tracebacks.
import builtins
import json
import linecache
import os
import sys
import types

COMMANDS = os.fdopen(200, "r", encoding="utf-8")
os.set_inheritable(200, False)
os.set_inheritable(201, False)
ALLOW_TOP_LEVEL_AWAIT = 0x2000
IS_COROUTINE = 0x80

main = types.ModuleType("__main__")
main.__builtins__ = builtins
sys.modules["__main__"] = main
loop = None
resource = None


def tell(exit, parts, over):
    os.write(201, (json.dumps({"exit": exit, "parts": parts, "over": over}) + "\n").encode())


def limit(memory):
    """Limits the step's memory, or lifts its limit: to tell of a MemoryError takes memory too."""
    if resource:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        fits = memory and (hard == resource.RLIM_INFINITY or memory < hard)
        resource.setrlimit(resource.RLIMIT_DATA, (memory if fits else hard, hard))


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def place(command):
    """Standard streams, directory and environment of the step."""
    flush()
    for path, flags, targets in (
        (command["in"] or os.devnull, os.O_RDONLY, (0,)),
        (command["out"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, (1,)),
        (command["err"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, (2,)),
    ):
        descriptor = os.open(path, flags, 0o600)
        for target in targets:
            os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdin = sys.__stdin__ = open(0, "r", encoding="utf-8", closefd=False)
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    global resource
    if command["memory"]:
        import resource
    else:
        resource = None
    sys.path[0] = "" if command["transcript"] else command["cwd"]
    sys.argv = ["" if command["transcript"] else command["page"]]


def watched(tree, watches, first_line):
    """Wraps the statements that the page's comments tell of."""
    import ast

    wanted = {(first + first_line - 1, last + first_line - 1): (at, value) for at, (first, last, value) in enumerate(watches)}

    def call(name, at, *more):
        return ast.Call(ast.Name(name, ast.Load()), [ast.Constant(at), *more], [])

    def wrap(statement):
        found = wanted.get((statement.lineno, statement.end_lineno))
        if found is None:
            return [statement]
        at, value = found
        if value and isinstance(statement, ast.Expr):
            statement.value = call("__doccheck_value__", at, statement.value)
            return [statement]
        return [
            ast.Expr(call("__doccheck_begin__", at)),
            ast.Try([statement], [], [], [ast.Expr(call("__doccheck_end__", at))]),
        ]

    class Wrapper(ast.NodeTransformer):
        def generic_visit(self, node):
            super().generic_visit(node)
            for field in ("body", "orelse", "finalbody"):
                statements = getattr(node, field, None)
                if isinstance(statements, list):
                    places = [(statement, wrap(statement)) for statement in statements if isinstance(statement, ast.stmt)]
                    if places:
                        wrapped = []
                        for statement, new in places:
                            wrapped.extend(ast.copy_location(node, statement) for node in new)
                        setattr(node, field, wrapped)
            return node

    return ast.fix_missing_locations(Wrapper().visit(tree))


class Record:
    """What watched statements print, or give."""

    def __init__(self, out):
        self.out = out
        self.texts = {}
        self.starts = []

    def size(self):
        flush()
        return os.stat(self.out).st_size

    def begin(self, at):
        self.starts.append(self.size())

    def end(self, at):
        start = self.starts.pop()
        size = self.size() - start
        with open(self.out, "rb") as file:
            file.seek(start)
            self.texts[at] = self.texts.get(at, "") + file.read(min(size, 65536)).decode("utf-8", "replace")

    def value(self, at, value):
        text = repr(value)
        self.texts[at] = (self.texts[at] + "\n" if at in self.texts else "") + text
        return value

    def parts(self):
        return [["watch", at, text] for at, text in sorted(self.texts.items())]


def complete(code, namespace):
    """Runs compiled code, to the end of what it awaits."""
    global loop
    result = eval(code, namespace)
    if code.co_flags & IS_COROUTINE:
        import asyncio

        if loop is None:
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
        loop.run_until_complete(result)


def report(error):
    """Prints an uncaught exception as the interpreter does, without the frames of this file."""
    limit(None)
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    # Frames of this file lie at the end too where a watched statement was left by the exception.
    flush()
    error.__traceback__ = trace
    if sys.excepthook is sys.__excepthook__:
        # The built-in hook looks for source in files alone; the page's lines are known to `linecache`.
        import traceback

        traceback.print_exception(type(error), error, trace)
    else:
        sys.excepthook(type(error), error, trace)
    flush()


def exit_status(error):
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    flush()
    print(error.code, file=sys.stderr)
    return 1


def program(command):
    """Runs a step. Returns its status and whether the program ended itself, and what was watched."""
    page, line = command["page"], command["line"]
    lines = ["\n"] * (line - 1) + (command["code"] + "\n").splitlines(keepends=True)
    linecache.cache[page] = (len(command["code"]), None, lines, page)
    record = Record(command["out"])
    builtins.__doccheck_begin__ = record.begin
    builtins.__doccheck_end__ = record.end
    builtins.__doccheck_value__ = record.value
    main.__file__ = page
    try:
        source = "".join(lines)
        if command["watches"]:
            import ast

            tree = compile(source, page, "exec", ast.PyCF_ONLY_AST | ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            source = watched(tree, command["watches"], line)
        complete(compile(source, page, "exec", ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), main.__dict__)
    except SystemExit as error:
        return exit_status(error), True, record.parts()
    except KeyboardInterrupt as error:
        report(error)
        return 130, True, record.parts()
    except BaseException as error:
        report(error)
        return 1, False, record.parts()
    return 0, False, record.parts()


def transcript(command):
    """Types commands one by one, as into the interactive interpreter."""
    parts = []
    for at, text in enumerate(command["commands"]):
        record = Record(command["out"])
        record.begin(at)
        status = None
        linecache.cache["<stdin>"] = (len(text), None, [], "<stdin>")
        try:
            complete(compile(text + "\n", "<stdin>", "single", ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), main.__dict__)
        except SystemExit as error:
            status = exit_status(error)
        except BaseException as error:
            report(error)
            limit(command["memory"])
        record.end(at)
        parts.append(["command", at, record.texts.get(at, "")])
        if status is not None:
            return status, True, parts
    return 0, False, parts


for received in COMMANDS:
    step = json.loads(received)
    place(step)
    code, over, told = transcript(step) if step["transcript"] else program(step)
    limit(None)
    flush()
    if step["fresh"] or over:
        tell(None, told, True)
        if over or code:
            sys.exit(code)
        break
    tell(code, told, False)
