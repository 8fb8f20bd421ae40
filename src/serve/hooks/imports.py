"""Changes modules when the program imports them, so that nothing is imported that it does not import itself."""

import sys


class Loader:
    """Loads a module and then changes it."""

    def __init__(self, loader, changes):
        self.loader, self.changes = loader, changes

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        for change in self.changes:
            change(module)

    def __getattr__(self, name):
        return getattr(self.loader, name)


class AfterImport:
    """Finds nothing itself, but sees to it that some modules are changed when they are loaded."""

    def __init__(self, changes):
        self.changes = changes

    def find_spec(self, name, path=None, target=None):
        # What is found may be loaded, or not, or again.
        changes = self.changes.get(name)
        if changes is None:
            return None
        for finder in list(sys.meta_path):
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                spec.loader = Loader(spec.loader, changes)
                return spec
        return None


def change_after_import(changes):
    """`changes`: the functions to call with a module, by its name. What is there already is changed now."""
    sys.meta_path.insert(0, AfterImport(changes))
    for name in changes:
        for change in changes[name] if name in sys.modules else ():
            change(sys.modules[name])
