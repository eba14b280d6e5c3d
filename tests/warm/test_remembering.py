"""What modules bind is noted and compared in one pass, whatever became of the order of names."""

from __future__ import annotations

import pytest

from warm.recording import ask_python

CODE = """
    import json, string, sys
    from mainspring._warm import find_patches, forget_names, remember_names
    function = type(json.dumps)
    json.first, json.second, json.third = 1, 2, 3
    remember_names(function)
    {change}
    found = [(module, name) for module, name, _, _ in find_patches()]
    told = [(module, name) for module, name, _, _ in remember_names(function)]
    assert sorted(found) == sorted(told), (found, told)
    assert find_patches() == remember_names(function) == []
    forget_names()
    print(sorted(told))
"""
#: what is done -> what is told of it
CHANGES = {
    "json.second = 'other'": [("json", "second")],
    "json.second = object()": [("json", "second")],
    "json.new = 1": [],
    "json.second = 2": [],
    "del json.second": [("json", "second")],
    "del json.second; json.second = 2": [],
    "del json.first; json.third = 'other'": [("json", "first"), ("json", "third")],
    "del sys.modules['json']; string.digits = ''": [("json", "json"), ("string", "digits")],
    "string.digits = ''; sys.modules['json'] = sys.modules.pop('json')": [("string", "digits")],
    "import colorsys; string.digits = ''": [("string", "digits")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_name_is_told_if_it_is_bound_to_something_else(change: str) -> None:
    assert ask_python(CODE.format(change=change)) == f"{CHANGES[change]}\n"


def test_what_was_told_once_is_what_later_changes_are_held_to() -> None:
    code = CODE.replace("{change}", "json.second = 'x'; remember_names(function); json.second = 2")
    assert ask_python(code) == "[('json', 'second')]\n"


def test_each_code_object_is_told_once_and_nobody_after_the_end() -> None:
    code = """
        import sys
        from mainspring._warm import follow, listen
        def called(): return 1
        def after(): return 2
        told = []
        def note(word, code): told.append((word, code.co_name))
        listen(lambda *_: None)
        assert follow(note)
        called(); called()
        assert sys.getprofile() is None
        assert follow(None)
        after()
        listen(None)
        print(told)
    """
    assert ask_python(code) == "[('code', 'called')]\n"
