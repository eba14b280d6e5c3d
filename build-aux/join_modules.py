"""Joins the modules of a start's path into one: each import of its own would cost a start 0.13 ms.

    join_modules.py OUTPUT PACKAGE_FOLDER MODULE...

The modules are given in the order of their dependencies.  What they import of each other is left out,
since they share one namespace; two modules that define the same name are an error.
"""

import ast
import sys
from pathlib import Path

SHARED_NAMES = {"TYPE_CHECKING"}
# The slots load the joined module as the package itself; what else they need of the package then finds
# it under the names of all the modules that it stands for.
HEADER = '''\
"""Made when the wheel is built, by build-aux/join_modules.py: the modules of a start's path."""

import sys

for name in {names}:
    sys.modules[name] = sys.modules[__name__]
'''


def main(output: str, package: str, *modules: str) -> None:
    defined: dict[str, str] = {}
    body: list[ast.stmt] = []
    for module in modules:
        for statement in read_statements(Path(package, module)):
            for name in find_names(statement) - SHARED_NAMES:
                if defined.setdefault(name, module) != module:
                    sys.exit(f"{name} is defined in {defined[name]} and in {module}")
            body.append(statement)
    code = ast.unparse(ast.Module(body, type_ignores=[]))
    header = HEADER.format(names=[name_module(module) for module in modules])
    Path(output).write_text(f"{header}{code}\n", encoding="utf-8")


def name_module(path: str) -> str:
    return ".".join(["mainspring", *Path(path).with_suffix("").parts])


def read_statements(module: Path) -> list[ast.stmt]:
    """What *module* does when it runs: no docstring, no types, nothing imported from the others."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [statement for statement in tree.body[1:] if not is_left_out(statement)]


def is_left_out(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"
    return isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("mainspring.")


def find_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return set()


if __name__ == "__main__":
    main(*sys.argv[1:])
