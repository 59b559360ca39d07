"""What the README and its pages say is there: checks, pages, settings, options."""

import re
import tomllib
from pathlib import Path

import pytest

from auditor import checking
from auditor.cli import main
from auditor.config import Config

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
TOLD_ELSEWHERE = {"origin"}


def test_every_check_has_its_question_in_the_readme() -> None:
    told = set(re.findall(r"`([a-z-]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {check.id for check in checking.built_in()} <= told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_the_settings_that_are_shown_are_settings() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = tomllib.loads(text.split("```toml\n")[1].split("```")[0])
    assert Config.model_validate(shown | {"sha256": "0" * 64}).positive == "fraud"


def test_every_setting_is_an_option_or_told_in_the_pages() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    options = {parameter.name for parameter in main.commands["run"].params}
    untold = [name for name in Config.model_fields if name not in options | TOLD_ELSEWHERE and f"`{name}" not in text]
    assert [name for name in untold if f"[{name}" not in text and f"\n{name} =" not in text] == []


def test_every_option_that_is_written_is_one() -> None:
    text = "".join(
        page.read_text(encoding="utf-8") for page in PAGES if page.name not in ("validation.md", "loading.md")
    )
    known = {option for command in main.commands.values() for given in command.params for option in given.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text)) <= known | {"--help"}
