"""A lesson as its page shows it, in one language: view data made of plain strings and safe HTML."""

import re
from dataclasses import dataclass
from typing import Any

from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from courses.document import Block, ImageBlock, Lesson, PostBlock
from courses.markdown import render
from quizzes.presenting import PORTRAITS, Speaker, initials

HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ShownBlock:
    """One block for templates/training/lesson_article.html; `kind` says which of the others hold something."""

    kind: str
    html: str = ""
    tone: str = ""
    title: str = ""
    person: Speaker | None = None
    text: str = ""
    meta: str = ""
    url: str = ""
    alt: str = ""
    caption: str = ""


def block(item: Block, language: str) -> ShownBlock:
    if isinstance(item, PostBlock):
        person = Speaker(
            "", item.author, item.role.in_language(language), initials(item.author), len(item.author) % PORTRAITS
        )
        text, meta = item.text.in_language(language), item.meta.in_language(language)
        return ShownBlock("post", person=person, text=text, meta=meta)
    if isinstance(item, ImageBlock):
        url = reverse("courses:media", args=[item.media]) if HASH.fullmatch(item.media) else ""
        alt, caption = item.alt.in_language(language), item.caption.in_language(language)
        return ShownBlock("image", url=url, alt=alt, caption=caption)
    html = render(item.markdown.in_language(language))
    if item.kind == "callout":
        return ShownBlock("callout", html=html, tone=item.tone, title=item.title.in_language(language))
    return ShownBlock("text", html=html)


def opening(lesson: Lesson, language: str) -> dict[str, Any]:
    """What is shown before the learner has committed: the situation and the options, nothing of the rule."""
    return {
        "minutes": lesson.minutes,
        "text": lesson.opening.text.in_language(language),
        "options": tuple(option.text.in_language(language) for option in lesson.opening.options),
    }


def article(lesson: Lesson, language: str, *, number: int, total: int, option: int | None) -> dict[str, Any]:
    """What is shown after the opening was answered with that option (None in a review without one): the title of the
    page, and the whole lesson ready to be put into it."""
    chosen = lesson.opening.options[option] if option is not None else None
    context = {
        "number": number,
        "total": total,
        "minutes": lesson.minutes,
        "title": lesson.title.in_language(language),
        "rule": lesson.rule.in_language(language),
        "key_line": lesson.key_line.in_language(language),
        "blocks": [block(item, language) for item in lesson.blocks],
        "chosen": chosen.text.in_language(language) if chosen else "",
        "reply": chosen.reply.in_language(language) if chosen else "",
    }
    with translation.override(language):
        html = get_template("training/lesson_article.html").render(context)
        rule = _("Rule %(number)s") % {"number": number}
        page_title = f"{rule}: {context['title']} · {_('Five Rules')}"
    return {"page_title": page_title, "article": html}
