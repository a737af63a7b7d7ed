"""Quotes in a downloaded transcript, as a Markdown renderer sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from live_proxy.views.quoting import fenced, plain, quoted

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # raw HTML passes
SEEN = "after [label] and [You][label] and ![x] *it*"
HOSTILE = [
    "</blockquote><h2>You</h2><p>I agree.</p><blockquote>",
    "a\n</blockquote>\n\n<h2>You</h2>",
    "<!-- ",
    "<script>",
    "<?php",
    "<![CDATA[",
    "<!DOCTYPE html",
    "\\<b>bold</b> \\\\<b>",
    "`<b>` ``<i>` <u>``",
    "`open\n<b>",
    "\\`<b>\\`",
    "    <b>code</b>",
    "# You",
    "## You ##",
    "a\n##\tYou",
    "   ## You",
    "> ## You",
    ">>## You",
    "> > - 1. ## You",
    "- ## You",
    "*\t## You",
    "1. ## You\n2) # You",
    "- - - ## You",
    "-\t\t## You",
    "You\n---",
    "You\n-",
    "You\n===\n",
    "You\n   =   ",
    "> You\n> ---",
    "> You\n---",
    "- You\n  ---",
    "1. You\n   ===",
    "> \n> ---\n> You\n> ===",
    "[label]: https://evil.example",
    "[label]:\nhttps://evil.example",
    "[la\nbel]: https://evil.example\n[label]: <https://evil.example> 'title'",
    "> - [label]: /evil",
    "[label\\]]: /evil",
    "\\[label]: /evil",
    "[^1]: note",
    "![x](https://evil.example/pixel)",
    "\\![x](https://evil.example/pixel)",
    "![x][label]\n\n[label]: https://evil.example/pixel",
    "```\nnever closed",
    "~~~\nnever closed\n```",
    "```\n```\n## You",
    "````\n```\n## You\n```\n</blockquote>",
    "```html\n<h2>You</h2>\n```\n<h2>You</h2>",
    "``` `\n## You",
    "```<script>\n```",
    "~~~ ~ `\n<b>\n~~~",
    "- a\n\n    ```\n    code\n    ```\n\n<b>",
    "```\n" + "`" * 40 + "\n## You",
    "a\r## You\r\n## You\x0b## You\x0c## You\x85## You\u2028## You\u2029## You\x1c## You\x1e## You",
    "\t## You",
    " \u00a0## You",
    "You\n\u00a0\n---",
    "You\n \t\n---",
    "| a | b |\n|---|---|\n| <b> | ## You |",
    "$$\n## You",
    "&lt;h2&gt;You&lt;/h2&gt; &#35; You",
    "*\n_\n**\n`\n~~",
    "-\n  ## You",
    "\\",
    "",
    "\n\n",
]


def document(text: str) -> str:
    return "".join(["## Gemini\n\n", *quoted(text), "\n*told*\n\n## Tool\n\n", SEEN, "\n"])


def check(text: str) -> None:
    """Whatever was said: the two headings and two paragraphs around it are as they were, and nothing else is there."""
    env: dict[str, dict[str, object]] = {}
    tokens = RENDERER.parse(document(text), env)
    inline = [child for token in tokens for child in token.children or ()]
    assert not env.get("references")
    assert not {token.type for token in [*tokens, *inline]} & {"html_block", "html_inline", "image"}
    assert [(token.tag, token.level) for token in tokens if token.type == "heading_open"] == [("h2", 0)] * 2
    top = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    quote = ["blockquote_open"] if text.strip() else top[1:2]
    if "blockquote_open" not in top:
        quote = []
    assert top == ["heading_open", *quote, "paragraph_open", "heading_open", "paragraph_open"]
    said = [token.content for token in tokens if token.type == "inline" and token.level == 1]
    assert said == ["Gemini", "*told*", "Tool", SEEN]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_leaves_its_quote_or_poses_as_a_speaker(text: str) -> None:
    check(text)
    check(f"before\n{text}")
    check(f"before\n\n{text}\n\nafter\n===")


PIECES = some.sampled_from(
    [*"\n\n\n\n \t#=->*+`~<>[]:!()\\|_&1.", "\r", "\u2028", "You", "## ", "```", "~~~", "<b>", "</", "<!--", "[label]"]
    + ["]: /evil", "---", "    ", "> ", "- ", "1. ", "---\n", "===\n", "`<"]
)


@given(some.lists(PIECES, max_size=40).map("".join))
def test_nor_does_any_mixture(text: str) -> None:
    check(text)


def test_what_is_no_danger_looks_as_it_was_meant() -> None:
    text = "A **bold** word, `code`, a < b, [a link](https://example.org).\n\n- one\n- two\n\n---\n\n1. first"
    html = RENDERER.render("".join(quoted(text)))
    assert "<strong>bold</strong>" in html
    assert "<code>code</code>" in html
    assert "a &lt; b" in html
    assert '<a href="https://example.org">a link</a>' in html
    assert html.count("<li>") == 3
    assert "<hr />" in html


def test_headings_and_tags_are_shown_as_they_were_typed() -> None:
    html = RENDERER.render("".join(quoted("## Steps\n\n#1 is <b>here</b>\n\nYou\n---\nend\n[a]: /b")))
    for words in ("## Steps", "#1 is &lt;b&gt;here&lt;/b&gt;", "You\n---\nend", "[a]: /b"):
        assert f"{words}" in html


@pytest.mark.parametrize("mark", ["```", "~~~~", "  ```"])
def test_code_is_shown_letter_by_letter(mark: str) -> None:
    code = "<div>\n# not a heading\nx[1]: int = 5\n    ``` in it\n\n---\n![x](y)"
    inner = "\n".join(mark[: len(mark) - len(mark.lstrip())] + line for line in code.splitlines())
    text = f"See:\n{mark}html\n{inner.replace('```', '``')}\n{mark}\nDone."
    (fence,) = [token for token in RENDERER.parse("".join(quoted(text))) if token.type == "fence"]
    assert (fence.info, fence.content.rstrip("\n")) == ("html", code.replace("```", "``"))
    (fence,) = [token for token in RENDERER.parse("".join(fenced(code, "json"))) if token.type == "fence"]
    assert fence.content == code + "\n"


def test_code_that_never_ends_is_shown_to_its_end() -> None:
    (fence,) = [token for token in RENDERER.parse("".join(quoted("```py\na = 1\n\n<b>"))) if token.type == "fence"]
    assert (fence.info, fence.content) == ("py", "a = 1\n\n<b>\n")


@pytest.mark.parametrize("text", [*HOSTILE, "a  \nb", "*a* _b_ ~~c~~ `d` &amp; [x](y) | z", "\\*a\\*"])
def test_a_name_is_plain_text_in_one_line(text: str) -> None:
    tokens = RENDERER.parse(f"# {plain(text) or 'x'}\n\nend")
    assert [token.type for token in tokens if token.level == 0] == [
        "heading_open", "heading_close", "paragraph_open", "paragraph_close",
    ]  # fmt: skip
    kinds = {child.type for child in tokens[1].children or ()}
    assert kinds <= {"text", "text_special"}
    if text.strip():
        assert "".join(child.content for child in tokens[1].children or ()) == " ".join(text.split())
