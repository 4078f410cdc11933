"""The bibliography: every source names an entry, every entry is named, and its facts stand in one place."""

import re
import unicodedata
from pathlib import Path

import pytest
import yaml

from sgdsym.literature import check_literature
from sgdsym.references import REFERENCES, by_key, cited

ROOT = Path(__file__).parents[1]
KEYS = {work.key for work in REFERENCES}
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "sgdsym").rglob("*.py"))
    if path.name != "references.py"
}
# text for people in which a work may be written out, with the year of its entry
WRITTEN_OUT = [
    path
    for folder, suffixes in {
        "docs": "*.md",
        "notebooks": "*.ipynb",
        "templates": "*.jinja",
        "tests": "*.py",
        ".": "*.md",
    }.items()
    for path in (sorted((ROOT / folder).glob(suffixes)) if folder == "." else sorted((ROOT / folder).rglob(suffixes)))
    if "generated" not in path.parts
]


def joined(text):
    """Text in small letters with one space between words."""
    return " ".join(text.split()).lower()


def test_keys_are_the_first_author_and_the_year():
    assert len(KEYS) == len(REFERENCES) > 60
    assert [work.key.lower() for work in REFERENCES] == sorted(key.lower() for key in KEYS)
    for work in REFERENCES:
        if work.year is None:
            continue
        surname = unicodedata.normalize("NFKD", "".join(re.findall(r"[^\W\d_]+", work.authors[0].split(". ")[-1])))
        assert work.key == surname.encode("ascii", "ignore").decode() + str(work.year)


def test_identifiers_are_well_formed():
    patterns = r"arXiv:\d{4}\.\d{5}|doi:10\.\d{4,}/\S+|hdl:[\d.]+/\d+|https://\S+|"
    for work in REFERENCES:
        assert re.fullmatch(patterns, work.identifier), work.key
        assert work.address.startswith("https://") == bool(work.identifier)
    found = [work.identifier for work in REFERENCES if work.identifier]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("path", [path for path, text in MODULES.items() if re.search(r"\bSource:[ \n]", text)])
def test_every_source_names_an_entry(path):
    """Between the word and the end of the paragraph stands a key of the bibliography."""
    for paragraph in re.findall(r"\bSource:[ \n].*?(?=\n\s*\n|\"\"\")", MODULES[path], re.DOTALL):
        if paragraph.startswith("Source:\n") or '"""' in paragraph:
            continue
        keys = re.findall(r"\[(\w+)\]_", paragraph)
        assert keys, paragraph
        assert set(keys) <= KEYS, paragraph


def test_every_key_is_an_entry_and_every_entry_is_named():
    named = {key for text in MODULES.values() for key in re.findall(r"\[([A-Za-z]+\d{4}|MathMLCore)\]_", text)}
    named |= set(re.findall(r'cited\("(\w+)"\)', MODULES["sgdsym/literature/sources.py"]))
    in_templates = {
        work.key
        for work in REFERENCES
        if any(joined(work.title) in joined(path.read_text("utf-8").replace("\n#", "\n")) for path in WRITTEN_OUT)
    }
    assert named <= KEYS
    assert KEYS - named <= in_templates


def test_titles_stand_in_one_place_of_the_package():
    texts = {path: joined(text) for path, text in MODULES.items()}
    for work in REFERENCES:
        if len(work.title) < 16:
            continue
        assert not [path for path, text in texts.items() if joined(work.title) in text], work.key


def test_a_work_that_is_written_out_has_the_year_of_its_entry():
    for path in WRITTEN_OUT:
        text = joined(path.read_text(encoding="utf-8").replace('\\"', '"').replace("\n#", "\n"))
        for work in REFERENCES:
            for after in text.split(joined(work.title))[1:] if work.title and work.year else []:
                year = re.match(r"[\"*]*[,.]? ?\(?((?:19|20)\d\d)\b", after)
                assert year is None or int(year[1]) == work.year, (path.name, work.key, year[1])


def test_every_finding_names_the_entries_of_its_source():
    for finding in check_literature():
        keys = re.findall(r"\[(\w+)\]", finding.source)
        assert keys, finding.source
        for key in keys:
            assert cited(key) in finding.source


def test_the_citation_file_and_the_readme_agree_with_the_bibliography():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    [reference] = citation["references"]
    work = by_key("Tenka2020")
    assert reference["title"] == work.title
    assert reference["year"] == work.year
    assert f"{reference['identifiers'][0]['value']}" == work.address
    assert f"{work.names}, *{work.title}*" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_bibtex_entries_are_complete():
    for work in REFERENCES:
        text = work.to_bibtex()
        assert text.startswith(f"@misc{{{work.key},\n  author = {{{work.authors[0]}")
        assert text.count("{") == text.count("}")
        assert (work.address in text) == bool(work.address) or not work.address
