"""Markdown as editors write it, as safe HTML: no raw HTML, no pictures, headings from the third level, honest links;
and as plain text for mails."""

from collections.abc import Iterator
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

TAGS = frozenset(
    {"p", "br", "hr", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
SCHEMES = ("http", "https", "mailto")


@lru_cache(maxsize=2048)
def render(text: str) -> SafeString:
    """The HTML of a text; the same text is rendered once per process."""
    return mark_safe(clean(_parser.render(text)))  # noqa: S308 - cleaned right here


def clean(html: str) -> str:
    """What is left of any HTML when only harmless tags and links with a known scheme may stay."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}, "*": set()},
        attribute_filter=_known_link,
        url_schemes=set(SCHEMES),
        link_rel="noopener nofollow",
        strip_comments=True,
    )


def _known_link(element: str, attribute: str, value: str) -> str | None:
    """Relative and scheme-relative addresses go too: in a lesson they lead nowhere, or elsewhere than they seem."""
    if (element, attribute) == ("a", "href"):
        scheme, colon, _rest = value.partition(":")
        return value if colon and scheme.lower() in SCHEMES else None
    return value


def plain(text: str) -> str:
    """The words as one writes them without markup: a blank line between paragraphs, a dash before each item of a list,
    the address of a link behind its words."""
    written, depth, mark, was_item = "", 0, "", False
    for token in _parser.parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            mark = f"{token.info}. " if token.info else "- "
        elif token.type in ("inline", "fence", "code_block", "hr"):
            gap = ("\n" if depth and was_item else "\n\n") if written else ""
            indent = "  " * (depth - bool(mark)) if depth else ""
            written += f"{gap}{indent}{mark}{''.join(_words(token)).rstrip() or '---'}"
            mark, was_item = "", depth > 0
    return written


def _words(token: Token) -> Iterator[str]:
    if token.children is None:
        yield token.content
    address = said = ""
    for child in token.children or []:
        words = {"softbreak": " ", "hardbreak": "\n"}.get(child.type, child.content)
        if child.type == "link_open":
            address, said = str(child.attrs.get("href", "")), ""
        elif child.type == "link_close":
            shown = address in (said, f"mailto:{said}") or not _known_link("a", "href", address)
            words = "" if shown else f" ({address})"
        said += words
        yield words


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag in ("h1", "h2", "h3") else "h4"


_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
_parser.core.ruler.push("lower_headings", _lower_headings)
