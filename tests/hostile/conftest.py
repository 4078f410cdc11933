"""Nothing happens while hostile text is about."""

import builtins
import re
import sys

import pytest

seen = []
watching = [False]


def _watch(event, arguments):
    if watching[0] and (event in FOREIGN or (event == "open" and re.search("passwd|invalid", str(arguments[0])))):
        seen.append((event, arguments))


FOREIGN = {
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
    "urllib.Request",
}


@pytest.fixture(scope="module", autouse=True)
def _watched():
    """What the interpreter is asked to open, start or reach; its hooks stay, so this one is switched."""
    sys.addaudithook(_watch)
    watching[0] = True
    yield
    watching[0] = False


@pytest.fixture(autouse=True)
def _nothing_happens():
    yield
    assert not hasattr(builtins, "hostile")
    assert not seen
