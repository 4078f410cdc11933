"""Text that would close, call, open or fetch something, and where it is put."""

import copy
import re

HOSTILE = [
    '"""\nimport builtins\nbuiltins.hostile = 1\n"""',
    "'''\nimport builtins\nbuiltins.hostile = 1\n'''",
    '"); import builtins; builtins.hostile = 1 #',
    '\\"""\nimport builtins; builtins.hostile = 1\n"""',
    "__import__('builtins').__dict__.update(hostile=1)",
    "online\nimport builtins; builtins.hostile = 1",
    "online\r\rimport builtins",
    "online\u2028import builtins",
    "{{ 7 * 7 }}{% for x in [].__class__.__mro__ %}{% endfor %}",
    r"\VAR{7}\BLOCK{ for x in y }",
    "</title></script><script>window.hostile = 1</script>",
    '"><img src="https://example.invalid/x" onerror="hostile()">',
    "]]><x/>",
    r"\input{/etc/passwd}\immediate\write18{touch hostile}",
    "^^5cinput{/etc/passwd}",
    "% \n\\input{/etc/passwd}",
    '"]; node [URL="https://example.invalid"]; x [label="',
    "\0\x1b[31m\ud800",
    "x" * 20_000,
]
OTHERS = [None, True, 1.5, -1, 10**40, 1e999, [], {}, [[[[]]]], {"nodes": 1}]


def check_one_line(error):
    text = str(error)
    assert 0 < len(text) <= 300, text
    assert not re.search(r"[\n\r\u2028\0\x1b\ud800]", text), text


def made(make):
    """What is made, or nothing where one line refuses it."""
    try:
        return make()
    except ValueError as error:
        check_one_line(error)
        return None


def leaves(data, path=()):
    """The places of all values in nested lists and objects, the containers too."""
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from leaves(value, (*path, key))


def with_value(data, path, value):
    changed = copy.deepcopy(data)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed
