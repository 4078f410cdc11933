"""The page of a series as a reader meets it: opened in a browser, typed into, copied from."""

import csv
import io
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sgdsym.codegen.javascript import generate_javascript
from sgdsym.render import typeset_document
from sgdsym.report import diagram_values, write_page
from sgdsym.report.values import example_tensors
from sgdsym.sgd import Request, expand_request
from sgdsym.templating import template_folder

CLOSE = {"rel": 1e-9}


class Page:
    """A page in the browser and the kernel of the same series."""

    def __init__(self, browser, folder, request):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        self.browser, self.keys, self.actions = browser, Keys, ActionChains
        self.series = expand_request(request)
        self.kernel = self.series.kernel()
        self.text = write_page(self.series, request=request)
        path = Path(folder) / "page.html"
        path.write_text(self.text, encoding="utf-8")
        self.address = path.as_uri()
        self.logs()
        browser.get(self.address)

    def logs(self):
        """Console messages, and the addresses that pages asked for since the last time."""
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return said, [params["request"]["url"] for params in asked if not params["documentURL"].startswith("chrome:")]

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def script(self, text, *given):
        return self.browser.execute_script(text, *given)

    def settle(self):
        """Wait until what was chosen is drawn."""
        self.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def slide(self, name, presses):
        """Move a slider with the arrow keys."""
        self.find(f"#{name}-range").send_keys(self.keys.ARROW_RIGHT * presses)
        self.settle()

    def type(self, selector, text):
        field = self.find(selector)
        field.send_keys(self.keys.CONTROL + "a")
        field.send_keys(text)
        self.settle()

    def enter(self, selector, text):
        """All of a number at once, as when it is pasted: the page sees no digits in between."""
        enter = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        self.script(enter, self.find(selector), text)
        self.settle()

    def choose(self, selector, value):
        self.find(f'{selector} option[value="{value}"]').click()
        self.settle()

    def copied(self, button):
        """What a button copies, pasted into the field for values."""
        button.click()
        self.settle()
        for panel in self.all("details"):
            self.script("arguments[0].open = true", panel)
        field = self.find("#values")
        field.send_keys(self.keys.CONTROL + "a")
        field.send_keys(self.keys.CONTROL + "v")
        return field.get_property("value")

    def curves(self):
        rows = list(csv.reader(io.StringIO(self.copied(self.find("#copy-numbers")))))
        return rows[0], np.array(rows[1:], dtype=float)

    @property
    def sizes(self):
        return {
            field.get_dom_attribute("data-size"): Fraction(field.get_property("value"))
            for field in self.all("[data-size]")
        }

    @property
    def rate(self):
        return float(self.find("#rate").get_property("value"))

    @property
    def table(self):
        """Coefficients of the powers of the learning rate, and sums."""
        cells = [
            [float(c.get_dom_attribute("data-value")) for c in row.find_elements("css selector", "[data-value]")]
            for row in self.all("#readout tbody tr")
        ]
        return np.array(cells).T

    def expected(self, rates, **sizes):
        """The sums to each order at learning rates, by the numpy kernel."""
        numbers = self.kernel.coefficients(example_tensors(self.series.truncation), **(self.sizes | sizes))
        return np.cumsum(numbers * np.power.outer(np.asarray(rates, float), np.arange(len(numbers))), axis=-1)


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    return Page(browser, tmp_path_factory.mktemp("page"), Request(order=4, sampling="reshuffle"))


def test_the_page_is_small_silent_and_asks_for_nothing(page):
    assert len(page.text.encode()) < 1_000_000
    page.script("window.scrollTo(0, document.body.scrollHeight)")
    page.settle()
    said, asked = page.logs()
    assert said == []
    assert [address for address in asked if not address.startswith("data:")] == [page.address]


def test_every_formula_and_picture_is_set(page):
    page.script("document.querySelectorAll('.term').forEach((card) => (card.style.contentVisibility = 'visible'))")
    sizes = page.script(
        "return [...document.querySelectorAll('math, .picture svg')].map((e) => {"
        " const box = e.getBoundingClientRect(); return [e.localName, box.width, box.height]; })"
    )
    count = len(page.series)
    assert sum(name == "svg" for name, _, _ in sizes) == count
    assert sum(name == "math" for name, _, _ in sizes) > 2 * count
    assert all(width > 3 and height > 5 for _, width, height in sizes)
    words = page.script("return [...document.querySelectorAll('mtext')].map((e) => e.textContent)")
    assert not [word for word in words if "\\" in word]  # a command that the page does not know stands there by name


def test_sliders_move_the_curves_to_the_values_of_the_kernel(page):
    before = page.script("return document.querySelector('.curve[data-order=\"4\"]').getAttribute('d')")
    chosen = page.sizes
    page.slide("size-E", 3)
    page.slide("rate", 7)
    assert page.sizes == chosen | {"E": chosen["E"] + 3}
    coefficients, sums = page.table
    assert coefficients == pytest.approx(page.kernel.coefficients(example_tensors(4), **page.sizes), **CLOSE)
    assert sums[-1] == pytest.approx(page.kernel(example_tensors(4), page.rate, **page.sizes), **CLOSE)
    head, numbers = page.curves()
    assert head == ["learning_rate", *(f"order_{k}" for k in range(5))]
    assert numbers[:, 1:] == pytest.approx(page.expected(numbers[:, 0]), **CLOSE)
    paths = {path.get_dom_attribute("data-order"): path.get_dom_attribute("d") for path in page.all(".curve")}
    assert sorted(paths) == ["1", "2", "3", "4"]
    assert paths["4"] != before
    drawn = {k: np.array(d[1:].replace("L", " ").split(), float).reshape(-1, 2) for k, d in paths.items()}
    slope, offset = np.polyfit(numbers[:, 2], drawn["1"][:, 1], 1)  # one axis for all curves
    for order, points in drawn.items():
        assert points[:, 1] == pytest.approx(slope * numbers[:, 1 + int(order)] + offset, abs=0.02)


def test_curves_over_a_size(page):
    page.choose("#axis", "N")
    head, numbers = page.curves()
    page.choose("#axis", "")
    assert head[0] == "N"
    whole = numbers[numbers[:, 0] % page.sizes["B"] == 0]
    assert len(whole) > 10
    for points, *sums in whole[::5]:
        assert sums == pytest.approx(page.expected(page.rate, N=int(points)), **CLOSE)
    assert np.isnan(numbers[0, 1:]).any()  # a training set of one point: 0/0


def test_numbers_beside_the_terms(page):
    shown = page.script("return [...document.querySelectorAll('.coefficient')].map((e) => e.textContent)")
    numbers = [float(text.replace("−", "-")) for text in shown]
    exact = [float(c.substitute(page.sizes).as_fraction()) for _, c in page.series]
    assert numbers == pytest.approx(exact, rel=1e-5)


def test_copied_latex_compiles(page, pdflatex):
    whole = page.copied(page.find('[data-copy="latex-source"]'))
    terms = [page.copied(button) for button in page.all(".copy-term")[5::30]]
    assert whole == page.series.latex()
    assert pdflatex(typeset_document("\n".join([whole, *(rf"\par ${term}$" for term in terms)]))).exists()


def test_copied_numpy_runs(page):
    source = page.copied(page.find('[data-copy="numpy-source"]'))
    module = {"__name__": "copied"}
    exec(compile(source, "copied", "exec"), module)  # noqa: S102 - the text that a reader copies
    sizes = {"N": 6, "B": 2, "E": 3}
    assert module["evaluate"](example_tensors(4), 0.01, **sizes) == page.kernel(example_tensors(4), 0.01, **sizes)


def test_the_search_finds_words_formulas_and_names(page):
    def left():
        return page.script(
            "return [...document.querySelectorAll('.term')].filter((e) => e.checkVisibility()).map((e) => e.dataset.search)"
        )

    for words, some in (("Covariance curvature", 1), ("tr(H C)", 1), ("c(0-1)(01)", 1), ("no such thing", 0)):
        page.type("#search", words)
        found = left()
        assert bool(found) == some
        assert len(found) < len(page.series)
        assert all(word in text for text in found for word in words.lower().split())
        assert page.find("#found").text == f"{len(found)} of {len(page.series)} terms"
    page.type("#search", " ")
    assert len(left()) == len(page.series)


def test_wrong_numbers_are_named_and_leave_the_page_as_it_is(page):
    kept = page.table.tolist()
    for field, text, complaint in (("N", "2.5", "N must be a whole number"), ("B", "-1", "B must be a whole number")):
        value = page.find(f"#size-{field}").get_property("value")
        page.enter(f"#size-{field}", text)
        assert page.find("#problem").text.startswith(complaint)
        assert page.table.tolist() == kept
        page.enter(f"#size-{field}", value)
    page.enter("#size-B", "5")
    assert "B must divide N" in page.find("#problem").text
    page.enter("#size-B", "4")
    assert page.find("#problem").text == ""


def test_values_of_ones_own(page):
    losses = {k: 2 * tensor for k, tensor in example_tensors(4).items()}
    given = diagram_values(page.series, losses, about="twice the loss")
    broken = json.loads(given.to_json())
    del broken["values"]["c(0-1)(01)"]
    for text, complaint in (("{", "not JSON"), (json.dumps(broken), "the value of c(0-1)(01) is missing")):
        page.script("document.getElementById('values').value = arguments[0]", text)
        page.find("#use-values").click()
        assert complaint in page.find("#values-problem").text
    page.script("document.getElementById('values').value = arguments[0]", given.to_json())
    page.find("#use-values").click()
    page.settle()
    assert page.find("#about").text == "twice the loss"
    assert page.table[1, -1] == pytest.approx(page.kernel(losses, page.rate, **page.sizes), **CLOSE)
    assert page.logs()[0] == []


def test_a_page_with_components_and_powers(browser, tmp_path):
    page = Page(browser, tmp_path, Request(order=2, observable="displacement", momentum="mu"))
    page.type("#size-mu", "0.99")
    page.type("#size-T", "7")
    for component in (0, 1):
        page.choose("#component", component)
        wanted = page.kernel(example_tensors(2), page.rate, **page.sizes)[component]
        assert page.table[1, -1] == pytest.approx(wanted, **CLOSE)
    page.type("#size-mu", "1")
    assert "has no value at these sizes" in page.find("#problem").text
    assert page.logs()[0] == []


@pytest.mark.parametrize(
    ("request_", "sizes"),
    [
        (Request(order=3, sampling="reshuffle"), {"N": 12, "B": 3, "E": 4}),
        (Request(order=3, sampling="replace"), {"N": 5, "B": 2, "T": 9}),
        (Request(order=3, momentum="mu"), {"T": 40, "B": 2, "mu": Fraction(99, 100)}),
        (Request(order=3, momentum=Fraction(-1, 3), nesterov=True), {"T": 8, "B": 1}),
        (Request(order=2, schedule=("function", 1)), {"function": Fraction(3, 7), "B": 2}),
    ],
    ids=["reshuffle", "replace", "momentum", "nesterov", "schedule"],
)
def test_coefficients_in_javascript_are_exact(browser, request_, sizes):
    series = expand_request(request_)
    coefficients = [c for _, c in series]
    browser.get("about:blank")
    found = browser.execute_script(
        (template_folder() / "exact.js").read_text(encoding="utf-8")
        + f"const COEFFICIENTS = {generate_javascript(coefficients)};\n"
        + "const sizes = Object.fromEntries(arguments[0].map(([name, a, b]) => [name, [BigInt(a), BigInt(b)]]));\n"
        + "return COEFFICIENTS.map((c) => [...lifted(c(sizes)).map(String), nearest(c(sizes))]);",
        [[name, str(Fraction(n).numerator), str(Fraction(n).denominator)] for name, n in sizes.items()],
    )
    exact = [c.substitute({k: Fraction(v) for k, v in sizes.items()}).as_fraction() for c in coefficients]
    assert [Fraction(int(above), int(below)) for above, below, _ in found] == exact
    assert [number for _, _, number in found] == [float(value) for value in exact]
