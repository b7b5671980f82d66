"""The bare view exists in the bench's own settings and nowhere else."""

from django.conf import settings
from django.urls import Resolver404, resolve

import pytest

from bench import urls
from config.urls import urlpatterns


def test_the_application_does_not_know_the_bare_view():
    assert settings.ROOT_URLCONF == "config.urls"
    with pytest.raises(Resolver404):
        resolve("/bench/bare/", urlconf="config.urls")


def test_the_bench_serves_the_real_site_and_the_bare_view(cast, sign_in, settings):
    settings.ROOT_URLCONF = "bench.urls"
    page = sign_in(cast.employee).get("/bench/bare/")
    assert page.content.decode() == f"True {cast.employee.pk}"
    assert urls.urlpatterns[1:] == urlpatterns
