"""Taking a course out: one JSON document with its pictures, in the form that import reads."""

import base64
import json
from typing import Any

from courses.checks import pictures_used
from courses.models import Media


def export_document(document: dict[str, Any]) -> dict[str, Any]:
    """A composed document (of the drafts or of a revision) with the pictures it uses, as base64 by hash."""
    media = {
        picture.sha256: base64.b64encode(_content(picture)).decode()
        for picture in Media.objects.filter(pk__in=pictures_used(document)).order_by("pk")
    }
    return {**document, "media": media} if media else document


def export_text(document: dict[str, Any]) -> str:
    return json.dumps(export_document(document), ensure_ascii=False, indent=2) + "\n"


def _content(picture: Media) -> bytes:
    with picture.file.open("rb") as file:
        return file.read()
