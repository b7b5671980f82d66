"""Showing course texts."""

from django import template
from django.utils.safestring import SafeString

from courses.markdown import render

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """`{{ text|markdown }}`: Markdown as cleaned HTML."""
    return render(str(text))
