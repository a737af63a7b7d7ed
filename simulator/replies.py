"""What the simulated model says. It always says that it is the simulator; it knows words, not messages."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INTRODUCTION = "Hello! This is the Gemini Live simulator, not Google."
THOUGHT = "**Considering the question**\n\nThe simulator pretends to think about it before it answers.\n\n"
CANCELLED = "This is the Gemini Live simulator. It has taken its function call back."
PROGRESS = ("Let me think about that.", "Still working on it.")

_LONG_SENTENCES = (
    "This answer is long on purpose, so that there is time to interrupt it, to watch it arrive, and to cut it short.",
    "Nothing in it is true or useful; the words only fill the air at an even pace while the connection is observed.",
    "A listener may count the sentences, a programmer may count the messages, and neither should find one missing.",
    "If a cable is pulled now, the part that was heard so far is all that anybody can know of it.",
)
_MARKDOWN = """# The simulator's sample

This is the **Gemini Live simulator**, not *Google*.

- a first point
- a second point with `code`

| model | rung |
|---|---|
| live | websocket |
| standard | rest |

```python
print("hello from the simulator")
```

See [the documentation](https://ai.google.dev/gemini-api/docs/live) for the real service.
"""
_COUNT = re.compile(r"\bcount to (\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Remembered:
    """One turn of the conversation, as the model remembers it."""

    role: str
    text: str


def reply_to_text(text: str, earlier: Sequence[Remembered], instructions: str) -> str:
    asked = text.lower()
    if "markdown" in asked:
        return _MARKDOWN
    if found := _COUNT.search(asked):
        numbers = ", ".join(str(number) for number in range(1, min(int(found[1]), 200) + 1))
        return f"The simulator counts: {numbers}."
    if re.search(r"\bhistory\b", asked):
        return _history(earlier)
    if re.search(r"\binstructions?\b", asked):
        return (
            f"The simulator was given these instructions: “{instructions}”."
            if instructions
            else ("The simulator was given no instructions.")
        )
    if re.search(r"\blong\b", asked):
        body = " ".join(_LONG_SENTENCES[at % len(_LONG_SENTENCES)] for at in range(9))
        return f"{INTRODUCTION} {body}"
    if not text.strip():
        return f"{INTRODUCTION} You said nothing that has words."
    return f"{INTRODUCTION} You said: “{text.strip()[:2000]}”."


def reply_to_speech(seconds: float) -> str:
    return f"{INTRODUCTION} I heard {seconds:.1f} seconds of speech, but I cannot understand words."


def reply_to_tools(responses: Sequence[tuple[str, Any]]) -> str:
    told = " ".join(
        f"The function {name} answered: {json.dumps(response, ensure_ascii=False)[:2000]}."
        for name, response in responses
    )
    return f"This is the Gemini Live simulator. {told}"


def transcript_of_speech(seconds: float) -> tuple[str, str]:
    """In two chunks, as transcriptions arrive; the simulator understands no words and does not pretend to."""
    return "(speech,", f" {seconds:.1f} s)"


def pieces(text: str, words: int = 3) -> list[str]:
    """The text in chunks of a few words; joined again they are the text."""
    found = re.findall(r"\s*\S+", text)
    chunks = ["".join(found[at : at + words]) for at in range(0, len(found), words)]
    rest = text[sum(len(chunk) for chunk in chunks) :]
    if chunks:
        chunks[-1] += rest
    return chunks or [text]


def _history(earlier: Sequence[Remembered]) -> str:
    if not earlier:
        return "The simulator was given no earlier turns."
    lines = [f"{at}. {turn.role}: “{turn.text}”" for at, turn in enumerate(earlier, 1)]
    return "The simulator was given these turns:\n" + "\n".join(lines)
