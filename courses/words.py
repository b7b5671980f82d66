"""Findings in the reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quizzes.problems import Problem

SENTENCES: dict[str, str | Promise] = {
    "missing": _("is missing"),
    "missing_translation": _("is missing in this language"),
    "unknown_picture": _("this picture is not stored here"),
    "large_heading": _("headings start at the third level (###); larger ones are shown at the third"),
    "empty": _("the lesson has no content"),
    "string_too_long": _("is too long"),
    "string_pattern_mismatch": _("may contain only small letters, digits and hyphens"),
    "int_parsing": _("must be a whole number"),
    "int_from_float": _("must be a whole number"),
    "greater_than_equal": _("is too small"),
    "less_than_equal": _("is too large"),
    "too_short": _("needs more items"),
    "too_long": _("has too many items"),
    "literal_error": _("choose one of the values on offer"),
    "repeated": _("this key is used twice"),
    "unknown_node": _("there is no such node or ending"),
    "unknown_person": _("choose who speaks"),
    "unknown_variable": _("there is no such gauge"),
    "unknown_scenario": _("there is no such scenario"),
    "unused": _("no lesson uses this scenario"),
    "no_default": _("the last target must have no condition"),
    "unreachable": _("no path leads here"),
    "dead_end": _("a path leads from here back to here and need not end"),
    "no_passing_path": _("no path reaches the pass mark"),
    "no_recovery": _("no path errs and still passes; let people repair a mistake"),
    "caution_passes": _("always choosing the most cautious option passes"),
    "caution_tied": _("two choices are equally the most cautious; tell them apart"),
    "good_without_pass": _("a path reaches this good ending without passing"),
    "bad_with_pass": _("a path reaches this bad ending and still passes"),
    "no_word": _("the highest value has no word"),
    "too_many_paths": _("too many different paths to check them all; simplify the gauges"),
    "fixed": _("cannot be changed"),
}


def say(problem: Problem) -> str:
    """What is wrong, for people; unknown kinds keep their technical sentence."""
    return str(SENTENCES.get(problem.code, problem.message))
