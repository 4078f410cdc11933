"""Golden texts: files under ``tests/golden`` that the output must equal; ``pytest --update`` writes them anew."""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="write the golden texts instead of comparing with them")


@pytest.fixture
def golden(request):
    """``golden(name, text)`` compares a text with ``tests/golden/name``."""

    def compare(name, text):
        path = GOLDEN / name
        if request.config.getoption("--update"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{name} is missing; run pytest --update and read what it writes"
        assert text == path.read_bytes().decode("utf-8")

    return compare
