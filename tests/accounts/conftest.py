from django.utils import translation

import pytest


@pytest.fixture(autouse=True)
def _english():
    """Messages made outside a request are compared in English; a request speaks the language of its person."""
    with translation.override("en"):
        yield
