"""JSON within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.protocol.codec import MAX_DEPTH, NotJson, decode, encode
from live_proxy.tests.strategies import quickly, values


def nested(depth: int) -> str:
    """An object of `depth` levels."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def test_an_object_as_text_and_as_bytes() -> None:
    message = {"a": [1, -2.5, True, None, "ü🎤\n"]}
    for text in (json.dumps(message), json.dumps(message, indent=2, ensure_ascii=False)):
        assert decode(text) == decode(text.encode()) == message
    assert json.loads(encode(message)) == message
    assert encode({"ü": 1}) == '{"ü":1}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        "",
        " ",
        "{",
        "null",
        "[]",
        "[{}]",
        '"text"',
        "1",
        "{} {}",
        '{"a":1,}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity,"b":"\\u0041"}',
        '{"a":1e999}',
        '{"a":1e999,"b":"\\ud83d"}',
        '{"a":"\\u12"}',
        '{"a":"\\ud83d"} x',
        b"\xff",
        b'{"a":"\xff"}',
        b'{"a":"\xff\\ud83d"}',
        b'{"a":"\xed\xa0\xbd"}',
        '{"a":"\\ud83d\\udc"}'.encode("utf-16"),
        b"\xef\xbb\xbf" + b'{"a":"\\ud83d"}',
        "\ud83d",
        '{"a":"\ud83d"}',
        '{"a":' + "9" * 5000 + "}",
        '{"b":"\\ud83d","a":' + "9" * 5000 + "}",
    ],
)
def test_anything_else_is_refused(data: str | bytes) -> None:
    with pytest.raises(NotJson):
        decode(data)


def test_half_a_surrogate_pair_is_mended_wherever_it_stands() -> None:
    text = '{"\\ud83d":["a\\udc00b",{"c":"\\ud83c\\udfa4"}],"n":12345678901234567890123}'
    mended = {"\ufffd": ["a\ufffdb", {"c": "🎤"}], "n": 12345678901234567890123}
    assert decode(text) == decode(text.encode()) == mended
    encode(decode(text))


def test_nesting_has_a_limit() -> None:
    assert decode(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 500, 100_000):
        for closed in (nested(depth), '{"a":' * depth, '{"a":' + "[" * depth, '{"x":"\\ud83d","a":' + "[" * depth):
            with pytest.raises(NotJson):
                decode(closed)
    lists = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert decode(f'{{"a":{lists}}}')
    with pytest.raises(NotJson):
        decode(f'{{"a":[{lists}]}}')
    with pytest.raises(NotJson):
        decode(f'{{"x":"\\ud83d","a":{"[" * 2000 + "]" * 2000}}}')


def test_big_numbers_survive() -> None:
    for number in (2**63, 2**64, -(2**63) - 1, 2**200):
        assert decode(encode(decode(f'{{"a":{number}}}'))) == {"a": number}


def test_the_last_of_two_equal_keys_counts() -> None:
    assert decode('{"a":1,"a":2}') == {"a": 2}
    assert decode('{"a":1,"a":2,"b":"\\ud83d"}')["a"] == 2


def test_the_refusal_does_not_quote_the_message() -> None:
    for data in ('{"secret": ', '["secret"]', '{"secret":"\ud83d"}'):
        with pytest.raises(NotJson) as refusal:
            decode(data)
        assert "secret" not in str(refusal.value)


PIECES = st.lists(
    st.sampled_from(['{"a":', "[", "]", "}", "{", '"', "\\u", "d83d", "1e9", "NaN", ",", ":", " ", "\xff", "\ud800"])
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@quickly(100)
@given(st.binary(max_size=60) | PIECES | PIECES.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_raise_anything_else(data: str | bytes) -> None:
    try:
        message = decode(data)
    except NotJson:
        return
    assert decode(encode(message)) == message


@quickly(60)
@given(st.dictionaries(st.text(max_size=5), values(), max_size=4))
def test_a_message_comes_back_as_it_was(message: dict[str, Any]) -> None:
    assert decode(encode(message)) == message
    assert decode(json.dumps(message)) == message
