"""The tags that every template may use."""

from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import mark_safe

from config.templatetags import page


def shown(source, **context):
    return Template(source).render(Context(context))


WHY = '{% component "components/why.html" text=text rule=rule %}'


def test_a_component_shows_its_arguments_and_knows_nothing_else():
    found = shown('{% component "components/why.html" text=text %}', text="Because", rule=3)
    assert "Because" in found
    assert "rule-3" not in found
    assert "rule-3" in shown(WHY, text="Because", rule=3)


def test_a_component_rendered_before_is_not_shown_for_other_arguments():
    assert "One" in shown(WHY, text="One", rule=1)
    assert "Two" in shown(WHY, text="Two", rule=1)
    assert "rule-2" in shown(WHY, text="One", rule=2)


def test_a_text_that_was_safe_once_is_escaped_when_it_is_not():
    assert "<b>bold</b>" in shown(WHY, text=mark_safe("<b>bold</b>"), rule=1)
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown(WHY, text="<b>bold</b>", rule=1)


def test_a_component_speaks_the_language_of_each_reader():
    source = '{% component "components/status.html" status="completed" %}'
    for language in ("en", "pl"):
        with translation.override(language):
            assert shown(source) == shown('{% include "components/status.html" with status="completed" only %}')


def test_an_icon_is_a_symbol_of_the_one_file():
    assert '/static/img/icons.svg#clock"></use>' in shown('{% icon "clock" %}')
    assert "<script>" not in shown("{% icon name %}", name="<script>")


MENU = '{% component "components/account_menu.html" navigation=none hole_name=name hole_email="a@b" hole_token=token %}'


def test_what_is_filled_in_is_each_readers_own_and_escaped():
    one = shown(MENU, name="<Ewa>", token="t1")
    two = shown(MENU, name="Jan", token="t2")
    assert "<strong>&lt;Ewa&gt;</strong>" in one
    assert 'value="t1"' in one
    assert "<strong>Jan</strong>" in two
    assert 'value="t2"' in two
    assert "Ewa" not in two


def test_what_is_filled_in_is_not_kept():
    shown(MENU, name="a", token="t")
    before = page._rendered.cache_info()
    shown(MENU, name="b", token="u")
    after = page._rendered.cache_info()
    assert (after.misses, after.currsize) == (before.misses, before.currsize)
