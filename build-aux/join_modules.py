"""Joins modules into one: each import of its own would cost a start 0.13 ms, or find nothing to import.

    join_modules.py [--program] OUTPUT PACKAGE_FOLDER MODULE...

The modules are given in the order of their dependencies.  What they import of each other is left out,
since they share one namespace; two modules that define the same name are an error.

A program is run by an interpreter that has nothing of Mainspring's, and stands under no module's name.
"""

import ast
import sys
from pathlib import Path
from typing import TypeVar

Definition = TypeVar("Definition", ast.FunctionDef, ast.ClassDef)

SHARED_NAMES = {"TYPE_CHECKING"}
# A joined module stands under the names of all the modules that it is made of, so that what is loaded
# later, joined or not, shares their classes.
HEADER = '''\
"""Made when the wheel is built, by build-aux/join_modules.py: the modules of a start's path."""

import sys

for name in {names}:
    sys.modules[name] = sys.modules[__name__]
'''
PROGRAM_HEADER = '''\
"""Made when the wheel is built, by build-aux/join_modules.py: a program for any interpreter."""

'''


def main(*words: str) -> None:
    if words[0] == "--program":
        join(PROGRAM_HEADER, *words[1:])
    else:
        join(HEADER, *words)


def join(header: str, output: str, package: str, *modules: str) -> None:
    defined: dict[str, str] = {}
    body: list[ast.stmt] = []
    names = [name_module(module) for module in modules]
    for module in modules:
        for statement in read_statements(Path(package, module), names):
            for name in find_names(statement) - SHARED_NAMES:
                if defined.setdefault(name, module) != module:
                    sys.exit(f"{name} is defined in {defined[name]} and in {module}")
            body.append(statement)
    code = ast.unparse(Stripper().visit(ast.Module(body, type_ignores=[])))
    Path(output).write_text(f"{header.format(names=names)}{code}\n", encoding="utf-8")


def name_module(path: str) -> str:
    return ".".join(["mainspring", *Path(path).with_suffix("").parts])


def read_statements(module: Path, joined: list[str]) -> list[ast.stmt]:
    """What *module* does when it runs: no docstring, no types, nothing imported from those *joined*."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [statement for statement in tree.body[1:] if not is_left_out(statement, joined)]


def is_left_out(statement: ast.stmt, joined: list[str]) -> bool:
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"
    return isinstance(statement, ast.ImportFrom) and statement.module in joined


class Stripper(ast.NodeTransformer):
    """Leaves out what only readers and type checkers need: a start would load it every time."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        given = node.args
        many = [one for one in (given.vararg, given.kwarg) if one is not None]
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *many):
            argument.annotation = None
        return self.strip_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return self.strip_docstring(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return ast.fix_missing_locations(ast.Assign([node.target], node.value, lineno=node.lineno))

    def strip_docstring(self, node: Definition) -> Definition:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node


def find_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return set()


if __name__ == "__main__":
    main(*sys.argv[1:])
