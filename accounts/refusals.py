"""A rule that said no, in a sentence for the person at the screen."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class Refusal(ValidationError):
    """Base of the named errors of the verbs; a view adds it to the form, a command prints it."""

    reason: Any = _("This is not possible.")

    def __init__(self, **params: Any) -> None:
        super().__init__(str(self.reason) % params if params else str(self.reason))
