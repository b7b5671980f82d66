"""Certificates: the holder's page and PDF, and the public page that verifies a number."""

import re
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import PersonRequest
from accounts.models import Person
from courses.models import revision_content
from training import certificates
from training.models import Completion

CODE_CHARACTER = re.compile(r"[A-Z0-9-]")


def of_viewer(request: PersonRequest, code: str) -> Completion:
    """The certificate's holder and HR may open it; anyone else gets 404."""
    people = Person.objects.all() if request.user.is_hr else Person.objects.filter(pk=request.user.pk)
    completions = Completion.objects.select_related("revision", "cycle", "person")
    return get_object_or_404(completions, certificate_code=code, person__in=people)


def sheet(completion: Completion, language: str) -> dict[str, Any]:
    return {
        "name": completion.person_name,
        "course": revision_content(completion.revision_id).title.in_language(language),
        "completed_on": completion.completed_on,
        "expires_on": completion.expires_on,
        "expired": completion.expires_on is not None and completion.expires_on < timezone.localdate(),
        "revision": completion.revision.number,
        "number": completion.certificate_code,
        "verify_url": certificates.verification_url(completion),
    }


@login_required
@require_safe
def certificate(request: PersonRequest, code: str) -> HttpResponse:
    completion = of_viewer(request, code)
    fresh = (timezone.now() - completion.completed_at).total_seconds() < 300
    return render(
        request,
        "training/certificate.html",
        {
            "certificate": sheet(completion, request.user.language),
            "completion": completion,
            "just_finished": fresh and completion.person_id == request.user.pk,
            "own": completion.person_id == request.user.pk,
        },
    )


@login_required
@require_safe
def certificate_pdf(request: PersonRequest, code: str) -> HttpResponse:
    completion = of_viewer(request, code)
    response = HttpResponse(certificates.pdf(completion, request.user.language), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="certificate-{completion.certificate_code}.pdf"'
    return response


@require_safe
def verify_form(request: HttpRequest) -> HttpResponse:
    """Type a number; the page of the number answers."""
    typed = request.GET.get("number", "").strip()
    if typed:
        return redirect("training:verify", "".join(CODE_CHARACTER.findall(typed.upper()))[:40] or "-")
    return render(request, "training/verify_form.html")


@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Public: shows name, course, date and revision of a genuine number, and nothing else about the person."""
    completion = Completion.objects.select_related("revision").filter(certificate_code=code).first()
    if completion is None:
        return render(request, "training/verify.html", {"certificate": None}, status=404)
    return render(request, "training/verify.html", {"certificate": sheet(completion, get_language() or "pl")})
