"""The HTML report in a real browser: nothing loaded, no sideways scrolling, readable without JavaScript, accessible."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from auditor.rendering import render
from tests.rendering import example, hostile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESK, PHONE = (1280, 900), (390, 844)
REPORTS = ("fraud", "ten", "thousand", "decisions_only", "many_labels")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@cache
def written(folder: Path, name: str) -> Path:
    return render(getattr(example, name)(), "html", folder / name)


def opened(browser: Browser, folder: Path, name: str, size: tuple[int, int], *, script: bool = True) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=script)
    page = context.new_page()
    page.goto(written(folder, name).as_uri())
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_scrolls_sideways_and_the_order_is_the_same_on_a_phone(
    browser: Browser, folder: Path, name: str
) -> None:
    orders = []
    for size in (DESK, PHONE):
        page = opened(browser, folder, name, size)
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        tops = page.eval_on_selector_all(
            ".strip, .band, .sentence, .facts, .why, .flow, .not-examined, .sign, .contents, #findings, #sign-off",
            "all => all.map(one => [one.getBoundingClientRect().top, one.className || one.id])",
        )
        orders.append([name for _, name in sorted(tops)])
        page.context.close()
    assert orders[0] == orders[1]


@pytest.mark.parametrize("name", ["fraud", "ten", "ready", "decisions_only", "undecided", "many_labels"])
def test_the_decision_fits_a_screen(browser: Browser, folder: Path, name: str) -> None:
    page = opened(browser, folder, name, DESK)
    assert bottom(page, ".sign") <= DESK[1]
    page.context.close()


def test_the_band_has_the_designed_size(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder, "fraud", DESK)
    box = page.locator(".band").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (1280, 96)
    assert page.eval_on_selector(".band h1", "h => getComputedStyle(h).fontSize") == "32px"
    assert page.eval_on_selector(".sentence", "h => getComputedStyle(h).fontSize") == "20px"
    assert page.eval_on_selector(".facts", "h => getComputedStyle(h).fontSize") == "16px"
    assert page.evaluate("document.fonts.check('16px Inter')")
    page.context.close()


def test_the_file_asks_for_nothing_and_breaks_no_rule_of_its_own_policy(browser: Browser, folder: Path) -> None:
    path = written(folder, "fraud")
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    page.close()


def test_without_javascript_the_report_is_whole(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder, "fraud", DESK, script=False)
    for words in ("NOT READY", "Misses 176 of 200 frauds", "Recall of fraud is 12.0%", "Provenance", "Sign-off"):
        assert page.get_by_text(words).first.is_visible()
    assert page.locator("table button").count() == 0
    page.locator("#passed summary").click()
    assert page.get_by_text("Two runs on 2,048 rows gave the same outputs.").is_visible()
    page.context.close()


def test_tables_of_classes_can_be_sorted(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder, "ten", DESK)
    table = page.locator("#classes table")
    table.get_by_role("button", name="Class").click()
    names = table.locator("tbody th").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    table.get_by_role("button", name="Recall, 95% interval").click()
    recalls = [float(text.rstrip("%")) for text in table.locator("tbody td:nth-child(4) b").all_inner_texts()]
    assert recalls == sorted(recalls)
    assert table.locator("thead [aria-sort]").count() == 1
    page.context.close()


def test_printing_opens_what_is_folded(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder, "fraud", DESK)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.context.close()


@pytest.mark.parametrize(("name", "size"), [("fraud", DESK), ("ten", PHONE), ("many_labels", DESK)])
def test_axe_finds_nothing_to_complain_of(browser: Browser, folder: Path, name: str, size: tuple[int, int]) -> None:
    page = opened(browser, folder, name, size)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.context.close()


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "x" * 5000, "Donaudampfschifffahrt " * 250, "abc\u202egnp.exe"]
)
def test_hostile_names_neither_run_nor_break_the_page(browser: Browser, folder: Path, name: str) -> None:
    path = render(hostile.named(name), "html", folder / "hostile")
    page = browser.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert said == []
    page.close()
