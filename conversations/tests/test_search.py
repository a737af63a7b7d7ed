"""What is found by which words, and marked. This runs on SQLite and, given a DATABASE_URL, on PostgreSQL."""

import pytest

from conversations.models import Message
from conversations.search import Hit, search
from conversations.tests.factories import NOW, SECOND, alice, charlie, conversation, message, session

pytestmark = pytest.mark.django_db

FOUND = [
    ("Run manage.py migrate", "manage.py"),
    ("Run manage.py migrate", "manage"),
    ("Run manage.py migrate", "py migr"),
    ("Pi is 3.14 or so", "3.14"),
    ("Pi is 3.14 or so", "14"),
    ("on 2026-01-31 at 10:45", "2026-01-31"),
    ("on 2026-01-31 at 10:45", "01-31"),
    ("between -5 and +7 degrees", "-5"),
    ("write to user@example.com today", "user@example.com"),
    ("write to user@example.com today", "example.com"),
    ("it is in /usr/local/bin there", "/usr/local/bin"),
    ("it is in /usr/local/bin there", "local"),
    ("see https://example.org/a-b/c.html?d=e_f#g", "example.org/a-b"),
    ("see https://example.org/a-b/c.html?d=e_f#g", "https c.html e_f"),
    ("version v2.10.0-rc1", "v2.10.0-rc1"),
    ("it costs 1e5 or 0x1F", "1e5 0x1f"),
    ("I don't know", "don't"),
    ("a snake_case name", "case"),
    ("**bold**, “quoted” — and (more)…", "bold quoted more"),
    ("👍great🎉 🤖robot 🥐bread", "great robot bread"),
    ("5€ or ₽6", "5 6"),
    ("Café à la crème", "cafe a la creme"),
    ("Cafe a la creme", "Café à la Crème"),
    ("Cafe\u0301", "café"),
    ("Tiếng Việt", "tieng viet"),
    ("İstanbul", "istanbul"),
    ("ÄRGER IM BÜRO", "ärger büro"),
    ("Straße", "STRA"),
    ("ΟΔΟΣ", "οδος"),
    ("ПРИВЕТ, Ёлка", "привет ёлка"),
    ("मुझे हिन्दी पसंद है", "हिन्दी"),
    ("मुझे हिन्दी पसंद है", "हिन्"),
    ("लड़का", "लड\u093cका"),
    ("लड\u093cका", "ल\u095cका"),
    ("আমার সোনার বাংলা", "বাংলা"),
    ("தமிழ் மொழி", "தமிழ்"),
    ("مرحبا بالعالم", "بالعالم"),
    ("한국어를 배우다", "한국"),
    ("한국어를 배우다", "배"),
    ("我喜欢学习中文。", "学习"),
    ("我喜欢学习中文。", "中"),
    ("日本語のテキスト", "テキ"),
    ("我的iPhone手机", "iphone手机"),
    ("ฉันชอบเรียนภาษาไทย", "ภาษา"),
    ("umbrella と 傘", "umbrella 傘"),
    ("a vitamin C pill", "C"),
    ("plan B it is", "b plan"),
]
NOT_FOUND = [
    ("Run manage.py migrate", "anage"),
    ("Run manage.py migrate", "manage.pyc"),
    ("Pi is 3.14 or so", "3.15"),
    ("vitamin", "v"),  # one letter is a word, not the beginning of one
    ("vitamin", "vitamins"),
    ("हिन्दी", "दी"),
    ("हिन्दी", "हिन्दू"),
    ("йод", "иод"),
    ("ø", "o"),
    ("我喜欢学习中文。", "文中"),
    ("umbrella と 傘", "parasol 傘"),
    ("買iPhone", "iphone"),  # in writing without spaces nothing says where a word of Latin letters begins
    ("anything", "\u0301"),
    ("anything", "u1"),
]


@pytest.mark.parametrize(("text", "query"), FOUND)
def test_it_is_found_in_a_message_and_in_a_title(text: str, query: str) -> None:
    message(session(conversation(title="")), 1, text=text)
    conversation(title=text)
    assert {hit.position for hit in found(query)} == {1, None}


@pytest.mark.parametrize(("text", "query"), NOT_FOUND)
def test_it_is_not_found(text: str, query: str) -> None:
    message(session(conversation(title="")), 1, text=text)
    conversation(title=text)
    assert found(query) == []


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Run manage.py now", "manage.py", "Run [manage].[py] now"),
        ("A café, a Cafe\u0301teria", "cafe", "A [café], a [Cafe\u0301]teria"),
        ("cat catalogue too", "cat too", "[cat] catalogue [too]"),
        ("हिन्दी दी", "दी", "हिन्दी [दी]"),
        ("我喜欢学习", "学习", "我喜欢[学习]"),
        ("ΟΔΟΣ", "οδος", "[ΟΔΟΣ]"),
    ],
)
def test_what_was_found_is_marked(text: str, query: str, marked: str) -> None:
    message(session(conversation(title="")), 1, text=text)
    (hit,) = found(query)
    assert "".join(f"[{piece.text}]" if piece.match else piece.text for piece in hit.snippet) == marked


def test_nobody_finds_what_others_wrote() -> None:
    his, hers = conversation(charlie(), title="umbrella"), conversation(title="")
    message(session(his), 1, text="umbrella")
    row = message(session(hers), 1, text="umbrella")
    assert [hit.message for hit in found("umbrella")] == [row.pk]
    for query in (f"u{charlie().pk} umbrella", f"~{his.pk}", str(his.pk), str(hers.pk)[:8], f"u{alice().pk}"):
        assert found(query) == []


def test_who_has_many_conversations_finds_the_newest_of_all() -> None:
    for nth in range(230):
        at = NOW + nth * SECOND
        one = conversation(title=f"number {nth}", updated_at=at)
        if nth % 100 == 7:
            message(session(one), 1, text="umbrella", created_at=at)
            message(session(one), 2, text="umbrella", created_at=at, replaced_at=NOW)
    assert [(hit.position, hit.snippet[0].text) for hit in found("umbrella")] == [(1, "umbrella")] * 3
    assert [hit.snippet[1].text for hit in found("number", limit=2)] == [" 229", " 228"]
    assert len(found("umbrella", limit=2)) == 2


def test_what_stays_the_same_may_be_written_again() -> None:
    row = message(session(conversation(title="")), 1, text="umbrella")
    for text in ("umbrella", "parasol", "umbrella"):
        Message.objects.filter(pk=row.pk).update(text=text, status="complete")
    assert len(found("umbrella")) == 1
    assert found("parasol") == []


def found(query: str, limit: int = 30) -> list[Hit]:
    return search(user_id=alice().pk, query=query, limit=limit)
