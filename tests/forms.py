"""Reading a page's form as a browser would send it back."""

from lxml import html


def form_fields(page: bytes, selector: str = "editor") -> dict[str, str]:
    """What submitting the form unchanged would send: hidden inputs, inputs, the selected options, text areas."""
    (form,) = [f for f in html.fromstring(page.decode()).iter("form") if selector in (f.get("class") or "").split()]
    fields = {}
    for control in form.iter("input", "textarea", "select"):
        name = control.get("name")
        if name is None or control.get("type") == "file":
            continue
        if control.tag == "textarea":
            text = control.text or ""
            fields[name] = text.removeprefix("\n").replace("\n", "\r\n")
        elif control.tag == "select":
            options = list(control.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            fields[name] = chosen[0].get("value")
        else:
            fields[name] = control.get("value") or ""
    return fields
