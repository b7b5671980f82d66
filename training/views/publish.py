"""The publish page: what has changed, what it does to whom, then the click."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import PersonRequest, for_roles
from accounts.models import Role
from accounts.values import DAYS_MEANT
from courses import publishing
from courses.checks import check_course, errors
from courses.comparing import differences
from courses.document import content_hash, read_course, to_json
from courses.drafts import compose
from courses.models import ChangeKind, Course
from training.publishing import Effect, EffectChanged, effect, publish_course


class PublishForm(forms.Form):
    change_kind = forms.ChoiceField(
        label=gettext_lazy("What kind of change is it?"),
        choices=[
            (ChangeKind.MINOR, gettext_lazy("Minor: a correction; nothing changes for anybody who has completed")),
            (ChangeKind.MAJOR, gettext_lazy("Major: the content has changed")),
        ],
        widget=forms.RadioSelect,
        initial=ChangeKind.MINOR,
    )
    redo = forms.BooleanField(
        label=gettext_lazy("Major change: whoever has completed the course must complete it again"), required=False
    )
    due_on = forms.DateField(
        label=gettext_lazy("New due date for them"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS_MEANT,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept with the revision: what changed, and why."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("redo") and cleaned.get("change_kind") == ChangeKind.MINOR:
            self.add_error("redo", _("Only a major change can ask people to complete the course again."))
        if cleaned.get("redo") and not cleaned.get("due_on"):
            self.add_error("due_on", _("Say by when they have to complete it again."))
        if cleaned.get("due_on") and cleaned["due_on"] < timezone.localdate():
            self.add_error("due_on", _("The due date must not lie in the past."))
        return cleaned


@for_roles(Role.EDITOR)
def publish(request: PersonRequest, course_key: str) -> HttpResponse:
    course = get_object_or_404(Course.objects.select_related("current"), key=course_key)
    document = compose(course)
    form = PublishForm(request.POST if request.method == "POST" else None)
    publishes = request.method == "POST" and form.is_valid() and "look" not in request.POST
    if publishes and (response := _publish(request, course, form)):
        return response
    context = _page(course, document, form, language=request.user.language, today=timezone.localdate())
    return render(request, "training/publish.html", context, status=400 if form.errors else 200)


def _publish(request: PersonRequest, course: Course, form: PublishForm) -> HttpResponse | None:
    """The redirect after publishing, or None with the reason put on the form."""
    try:
        revision = publish_course(
            course,
            change_kind=ChangeKind(form.cleaned_data["change_kind"]),
            reason=form.cleaned_data["reason"],
            redo_by=form.cleaned_data["due_on"] if form.cleaned_data["redo"] else None,
            by=request.user,
            now=timezone.now(),
            expected_hash=request.POST.get("seen", ""),
            weighed=request.POST.get("weighed", ""),
        )
    except EffectChanged:
        form.add_error(
            None, _("This does more than was shown: look at how many must complete the course again, then publish.")
        )
    except publishing.DraftChanged:
        form.add_error(
            None, _("The draft was changed after this page was shown. Look at the changes again, then publish.")
        )
    except publishing.NothingChanged:
        form.add_error(None, _("There is nothing to publish: the draft says what the published revision says."))
    except publishing.ChecksFailed:
        form.add_error(None, _("The checks found errors; they are listed below."))
    else:
        messages.success(request, _("Revision %(number)d is published.") % {"number": revision.number})
        return redirect("courses:revisions", course.key)
    return None


def _page(
    course: Course, document: dict[str, Any], form: PublishForm, *, language: str, today: dt.date
) -> dict[str, Any]:
    data = form.data if form.is_bound else {}
    published = to_json(read_course(course.current.document)) if course.current else {}
    shown = effect(
        course, change_kind=data.get("change_kind", ChangeKind.MINOR), redo=bool(data.get("redo")), today=today
    )
    due_on = form.cleaned_data.get("due_on") if form.is_bound else None
    return {
        "course": course,
        "weighed": shown.weight(due_on),
        "title": course.title_in(language),
        "seen": content_hash(document),
        "form": form,
        "next_revision": (course.current.number if course.current else 0) + 1,
        "differences": list(differences(published, document)),
        "blocked": errors(check_course(document)),
        "effects": effect_lines(shown),
        "button": _("Publish revision %(number)d") % {"number": (course.current.number if course.current else 0) + 1},
    }


def effect_lines(found: Effect) -> list[dict[str, Any]]:
    return [
        {
            "figure": found.stay_valid,
            "text": ngettext("person who completed stays valid", "people who completed stay valid", found.stay_valid),
        },
        {
            "figure": found.under_way,
            "text": ngettext(
                "person under way finishes on the revision they started",
                "people under way finish on the revision they started",
                found.under_way,
            ),
        },
        {
            "figure": found.waiting,
            "text": ngettext(
                "person who has not started gets the new revision",
                "people who have not started get the new revision",
                found.waiting,
            ),
        },
        {
            "figure": found.redo,
            "text": ngettext(
                "person must complete the course again", "people must complete the course again", found.redo
            ),
        },
        {"figure": found.mails, "text": ngettext("mail will be sent", "mails will be sent", found.mails)},
    ]
