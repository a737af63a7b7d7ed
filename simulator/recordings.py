"""Reads recorded Live API traffic: runs of `>length payload` and `<length payload` records, or YAML cassettes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.server_messages import encode

_HEAD = re.compile(rb"([<>])(\d{1,9}) ")
MAX_BYTES = 256 * 2**20
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One whole WebSocket message, as it was on the wire."""

    from_client: bool
    payload: bytes

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.payload)
        return found


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    records: tuple[Record, ...]

    @property
    def sent(self) -> list[Record]:
        """What the client sent."""
        return [record for record in self.records if record.from_client]

    @property
    def received(self) -> list[Record]:
        """What the server answered."""
        return [record for record in self.records if not record.from_client]


def read_recording(path: Path) -> Recording:
    """Raises `ValueError` with a sentence for what is no recording, `OSError` for what cannot be read."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} is larger than a recording can be")
    data = path.read_bytes()
    try:
        records = tuple(_cassette(data) if path.suffix in (".yaml", ".yml") else _log(data))
        for at, record in enumerate(records):
            if not isinstance(record.message, dict):
                raise ValueError(f"record {at} is no JSON object")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no recording: {error}") from None
    if not records or not records[0].from_client:
        raise ValueError(f"{path.name} is no recording: it does not begin with a client's message")
    return Recording(path.name, records)


def _log(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        head = _HEAD.match(data, at)
        if head is None:
            raise ValueError(f"no record begins at byte {at}")
        end = head.end() + int(head[2])
        # The recorder counts the line feed that it puts after each message.
        if data[end - 1 : end] != b"\n":
            raise ValueError(f"the record at byte {at} does not end where its length says")
        yield Record(head[1] == b">", data[head.end() : end - 1])
        at = end


def _cassette(data: bytes) -> Iterator[Record]:
    try:
        import yaml  # only developers have it, and only they have cassettes
    except ImportError:
        raise ValueError("reading a cassette needs PyYAML") from None
    try:
        depth = 0
        for event in yaml.parse(data, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
                # A few aliases can stand for gigabytes, and time grows with the square of the depth.
                raise ValueError(f"it has YAML aliases, or more than {MAX_DEPTH} levels")
        found = yaml.safe_load(data)
        interactions = found["interactions"]
        for item in interactions:
            if item["kind"] != "message" or item["direction"] not in ("sent", "received"):
                raise ValueError(f"an interaction of kind {item['kind']!r}, {item['direction']!r}")
            sent = item["direction"] == "sent"
            yield Record(sent, json.dumps(item["data"]).encode() if sent else encode(item["data"]))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a cassette ({type(error).__name__})") from None
