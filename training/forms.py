"""Forms of the learner."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class AcknowledgementForm(forms.Form):
    agreed = forms.BooleanField(
        label=_("I agree with this statement."), error_messages={"required": _("Tick the box to sign.")}
    )
    typed_name = forms.CharField(
        label=_("First and last name"),
        min_length=2,
        max_length=170,
        error_messages={"required": _("Type your first and last name.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed_name"].widget.attrs["autocomplete"] = "name"
