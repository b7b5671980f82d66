"""What is measured on an open page: accessibility by axe in both themes, sideways scroll."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent.parent / "vendor" / "axe" / "axe.min.js"
RUN = """async (rules) => {
  await document.fonts.ready;
  const options = rules ? {runOnly: rules} : {rules: {"target-size": {enabled: true}}};
  const found = await axe.run(document, {...options, resultTypes: ["violations"], preload: false, iframes: false});
  return found.violations.map((rule) => ({rule: rule.id, help: rule.help, places: rule.nodes.map(
    (node) => `${node.target.join(" ")}: ${node.failureSummary}`)}));
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
PHONE, DESK = 320, 768


def prepare(page: Page) -> Page:
    """The policy of the pages refuses foreign scripts, so the debugger brings axe into each document."""
    page.add_init_script(path=AXE)
    return page


def violations(page: Page) -> list[str]:
    """Every rule in the light theme; in the dark one those about colours, which is all that it changes."""
    page.emulate_media(color_scheme="light")
    found = told("light", page.evaluate(RUN, None))
    page.emulate_media(color_scheme="dark")
    return found + told("dark", page.evaluate(RUN, COLOURS))


def told(theme: str, results: list[dict[str, Any]]) -> list[str]:
    return [f"{theme}: {result['rule']} ({result['help']}) {place}" for result in results for place in result["places"]]


def is_desk(page: Page) -> bool:
    return "desk" in (page.locator("body").get_attribute("class") or "").split()


def overflow(page: Page) -> list[str]:
    """The elements that reach beyond the narrowest screen meant for the page, if it scrolls sideways there."""
    width = DESK if is_desk(page) else PHONE
    page.set_viewport_size({"width": width, "height": 800})
    beyond: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
        [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => `${e.tagName}.${e.className} reaches ${Math.round(e.getBoundingClientRect().right)}`)"""
    )
    return [f"{width} px: {place}" for place in beyond]


def require_sound(page: Page, what: str = "") -> None:
    found = violations(page) + overflow(page)
    assert not found, "\n".join([f"{what or page.url}:", *found])
