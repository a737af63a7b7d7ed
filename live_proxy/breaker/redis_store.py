"""Circuits shared by all processes: one hash in Redis, one script for each transition, Redis's own clock."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from live_proxy.breaker.memory import MAX_CIRCUITS
from live_proxy.breaker.rules import FAULT_SPAN, FAULTS, LEASE, LONGEST_SPAN, URGENT_GAP, WINDOW, Circuit

HASH = "live-proxy:breaker"
EXPIRE = 24 * 3600
TIMEOUT = 1.0

# A circuit is a JSON object: s(tate) since reason next span probing claimed by faults[]
PRELUDE = f"""
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local function get(key)
    local text = redis.call('HGET', KEYS[1], key)
    return text and cjson.decode(text) or nil
end
local function put(key, c)
    redis.call('HSET', KEYS[1], key, cjson.encode(c))
    redis.call('EXPIRE', KEYS[1], {EXPIRE})
end
local function open(c, span, reason)
    if c.s ~= 'open' then c.since = now end
    c.s = 'open'; c.reason = reason; c.span = span; c.faults = {{}}
    c.next = math.max(c.next or 0, now + span)
end
"""
REPORT = f"""
for at = 3, #ARGV do
    local c = get(ARGV[at]) or {{s = 'closed', since = 0, faults = {{}}}}
    local room = redis.call('HEXISTS', KEYS[1], ARGV[at]) == 1 or redis.call('HLEN', KEYS[1]) < {MAX_CIRCUITS}
    if c.s ~= 'held' and room then
        if ARGV[1] ~= '' then
            open(c, tonumber(ARGV[1]), ARGV[2])
        elseif c.s == 'closed' then
            local recent = {{}}
            for _, when in ipairs(c.faults or {{}}) do
                if when > now - {WINDOW} then recent[#recent + 1] = when end
            end
            recent[#recent + 1] = now
            c.faults = recent
            if #recent >= {FAULTS} then open(c, {FAULT_SPAN}, ARGV[2]) end
        end
        put(ARGV[at], c)
    end
end
"""
FORGET = """
local keys = ARGV[1] == '' and redis.call('HKEYS', KEYS[1]) or {ARGV[1]}
for _, key in ipairs(keys) do
    local c = get(key)
    if c and c.s ~= 'held' then redis.call('HDEL', KEYS[1], key) end
end
"""
CLAIM = f"""
local c = get(ARGV[1])
if not c or c.s ~= 'open' or (c.probing or 0) > now then return 0 end
if c.next > now and not (ARGV[2] == '1' and (c.claimed or 0) <= now - {URGENT_GAP}) then return 0 end
c.probing = now + {LEASE}; c.claimed = now
put(ARGV[1], c)
return 1
"""
PROBE_FAILED = f"""
local c = get(ARGV[1])
if c and c.s == 'open' then
    c.span = ARGV[2] ~= '' and tonumber(ARGV[2]) or math.min({LONGEST_SPAN}, c.span * 2)
    c.next = now + c.span; c.reason = ARGV[3]; c.probing = 0
    put(ARGV[1], c)
end
"""
HOLD = "put(ARGV[1], {s = 'held', since = now, by = ARGV[2], faults = {}})"
RELEASE = """
local c = get(ARGV[1])
if c and c.s == 'held' then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""
BOARD = f"""
local found = {{}}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
    local c = cjson.decode(all[at + 1])
    local last = c.faults and c.faults[#c.faults] or 0
    if c.s == 'closed' and last <= now - {WINDOW} then
        redis.call('HDEL', KEYS[1], all[at])
    else
        if c.s == 'open' and (c.probing or 0) > now then c.s = 'half_open' end
        found[#found + 1] = all[at]; found[#found + 1] = cjson.encode(c)
    end
end
return found
"""


class StoreAway(Exception):
    """Redis does not answer. Nothing of it is for a client."""


class RedisStore:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                decode_responses=True,
                max_connections=4,
                timeout=TIMEOUT,
            )
        )
        script = self._redis.register_script
        self._report = script(PRELUDE + REPORT)
        self._forget = script(PRELUDE + FORGET)
        self._claim = script(PRELUDE + CLAIM)
        self._probe_failed = script(PRELUDE + PROBE_FAILED)
        self._hold = script(PRELUDE + HOLD)
        self._release = script(PRELUDE + RELEASE)
        self._board = script(PRELUDE + BOARD)

    async def report(self, keys: Iterable[str], opens_for: float | None, reason: str) -> None:
        await self._run(self._report, "" if opens_for is None else opens_for, reason, *keys)

    async def succeeded(self, key: str) -> None:
        await self._run(self._forget, key)

    async def claim_probe(self, key: str, *, urgent: bool = False) -> bool:
        return bool(await self._run(self._claim, key, "1" if urgent else "0"))

    async def probe_failed(self, key: str, opens_for: float | None, reason: str) -> None:
        await self._run(self._probe_failed, key, "" if opens_for is None else opens_for, reason)

    async def board(self) -> list[Circuit]:
        flat = cast(list[str], await self._run(self._board))
        return [_circuit(key, json.loads(text)) for key, text in sorted(zip(flat[::2], flat[1::2], strict=True))]

    async def reset(self, key: str | None) -> None:
        await self._run(self._forget, key or "")

    async def hold(self, key: str, by: str) -> None:
        await self._run(self._hold, key, by)

    async def release(self, key: str) -> None:
        await self._run(self._release, key)

    async def close(self) -> None:
        await self._redis.aclose()

    @staticmethod
    async def _run(script: Any, *args: object) -> Any:
        """Raises `StoreAway`."""
        try:
            return await script(keys=[HASH], args=args)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreAway(type(error).__name__) from error


def _circuit(key: str, found: dict[str, Any]) -> Circuit:
    faults = found.get("faults")
    return Circuit(
        key,
        found["s"],
        found["since"],
        found.get("reason", ""),
        found.get("next") if found["s"] in ("open", "half_open") else None,
        found.get("by", ""),
        len(faults) if isinstance(faults, list) else 0,
    )
