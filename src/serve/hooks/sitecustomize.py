"""Brings doccheck's hooks into this interpreter. Loaded by `site` before the program starts.

What they change, and why, is told in the modules that are imported here: `_doccheck_network` leads connections to the
sandbox; where the page's time is virtual, `_doccheck_clock` has the program wait on the page's clock.
"""

import os
import sys


def _install():
    here = os.path.dirname(os.path.abspath(__file__))
    # Kept compiled for the next process, in the run's own folder: that is most of what it takes to load them.
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    import _doccheck_imports
    import _doccheck_network

    hooks = [_doccheck_network.changes(os.path.dirname(here))]
    if "DOCCHECK_CLOCK" in os.environ:
        import _doccheck_clock

        hooks.append(_doccheck_clock.install())
    sys.dont_write_bytecode = kept
    if here in sys.path:
        sys.path.remove(here)
    # Packages that stand in for others come last: what is installed by the same name is used.
    if "DOCCHECK_STAND_INS" in os.environ:
        sys.path.append(os.environ["DOCCHECK_STAND_INS"])
    changes = {}
    for hook in hooks:
        for name, change in hook.items():
            changes.setdefault(name, []).append(lambda module, change=change: _or_die(change, module))
    _doccheck_imports.change_after_import(changes)


def _or_die(work, *args):
    """A program must not run unguarded: Python itself would print an error of this file and go on."""
    try:
        work(*args)
    except BaseException as error:
        sys.stderr.write("doccheck: cannot guard this interpreter: %r\n" % (error,))
        sys.stderr.flush()
        os._exit(97)


def _run_next():
    """Runs the `sitecustomize` that this one hides, as the interpreter would have."""
    for finder in sys.meta_path:
        spec = finder.find_spec("sitecustomize", None, None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(type(sys)("sitecustomize"))
            return


if not getattr(sys, "_doccheck", False):
    sys._doccheck = True
    _or_die(_install)
    _run_next()
