# Run by the interpreter that made the entries which `verify` checks.  Another may have come into its place:
# up to the version check, this is Python 2 and 3.
#
#     python [options] checker.py PACKAGE CACHE
import sys


def main(package, cache):
    if sys.version_info < (3, 11):
        print('{"build": "", "variant": ""}')
        return
    load("mainspring", package, "_start.py")
    load("mainspring._keep", package, "_keep.py")
    from mainspring.observe.verify.checking import check_entries

    check_entries(cache)


def load(name, package, part):
    """Load a module of those that a start loads, and let the rest of the package be found."""
    from _frozen_importlib import _load
    from _frozen_importlib_external import spec_from_file_location

    folders = [package] if name == "mainspring" else None
    _load(spec_from_file_location(name, package + "/" + part, submodule_search_locations=folders))


main(*sys.argv[1:])
