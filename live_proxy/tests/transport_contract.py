"""What the ladder and the session expect of any transport, as tests. A transport joins by a factory.

Knows of a transport what `transports/base.py` says of it, and of its upstream what the simulator shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from live_proxy.catalogue import Platform
from live_proxy.edge.history import Past, history_contents
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.tests.loop_watch import other_tasks, until
from live_proxy.tests.upstreams import deadline, tcp_server, text_turn
from live_proxy.transports.base import Capabilities, Transport
from simulator import Simulator

K, A, S = ErrorKind, Action, Scope
ENDS = ("generationComplete", "turnComplete")
Ends = tuple[ErrorKind, Action, Scope | None]


@dataclass(frozen=True)
class Factory:
    """`make` builds a transport to the server at a base URL, for tokens of a service account's provider;
    `setup` is a set-up that it takes; `at_open` and `later` say how the simulator's scenarios end. `by_request`: there
    is no socket, and upstream sees a request for each turn; `hangs` are the scenarios in which `open` gets no answer,
    and `dies` one whose answer breaks off."""

    name: str
    platform: Platform
    make: Callable[[str, Any], Transport]
    setup: Callable[[], UpstreamSetup]
    at_open: dict[str, Ends]
    later: dict[str, Ends]
    by_request: bool = False
    hangs: tuple[str, ...] = ("never_accepts", "never_setup")
    dies: str = "internal_after_setup"

    def contents_seen(self, sim: Simulator) -> list[JsonObject]:
        """The turns that upstream was given, oldest first."""
        if self.by_request:
            asked = [request.body["contents"] for request in sim.requests if request.method != "countTokens"]
            return list(asked[-1])
        turns = [frame["clientContent"]["turns"] for frame in sim.connections[-1].frames[1:]]
        return [turn for group in turns for turn in group]

    def busy(self, sim: Simulator) -> int:
        """What upstream still holds open."""
        if self.by_request:
            return sum(1 for request in sim.requests if not (request.status or request.cancelled))
        return sim.open_connections


async def open_to(
    factory: Factory, sim: Simulator, tokens: Any, history: Sequence[JsonObject] = (), seconds: float = 20.0
) -> Transport:
    transport = factory.make(sim.base_url, tokens)
    await transport.open(factory.setup(), history, deadline(seconds))
    return transport


async def turn(transport: Transport) -> list[Frame]:
    """Frames up to the end of a turn."""
    frames = []
    async with asyncio.timeout(20):
        async for frame in transport.receive():
            frames.append(frame)
            if "turnComplete" in frame.message.get("serverContent", {}):
                return frames
    raise AssertionError("the frames ended before the turn")


def said(content: JsonObject) -> str:
    """The words of a server content, spoken or written."""
    written = content.get("modelTurn", {}).get("parts", [])
    spoken = content.get("outputTranscription", {}).get("text", "")
    return spoken or "".join(part.get("text", "") for part in written)


class TransportContract:
    async def test_open_returns_when_content_may_be_sent(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        transport = await open_to(factory, sim, tokens)
        assert isinstance(transport.capabilities, Capabilities)
        if factory.by_request:
            assert [(request.method, request.status) for request in sim.requests] == [("countTokens", 200)]
        else:
            assert sim.connections[-1].kinds[:1] == ["setupComplete"]
        await transport.close()

    async def test_a_turn_comes_back_in_order(self, factory: Factory, sim: Simulator, tokens: object) -> None:
        transport = await open_to(factory, sim, tokens)
        for text in ("one two three", "four five six"):
            await transport.send(text_turn(text))
            frames = await turn(transport)
            assert text in "".join(said(frame.message.get("serverContent", {})) for frame in frames)
            ends = [key for frame in frames for key in frame.message.get("serverContent", {}) if key in ENDS]
            assert ends == list(ENDS)
            assert "usageMetadata" in frames[-1].message
        await transport.close()

    async def test_frames_go_up_in_the_order_in_which_they_were_sent(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        transport = await open_to(factory, sim, tokens)
        for number in range(30):
            await transport.send(
                Frame.of({"clientContent": {"turns": [{"role": "user", "parts": [{"text": f"{number}"}]}]}})
            )
        await transport.send(text_turn("30"))
        await turn(transport)
        texts = [content["parts"][0]["text"] for content in factory.contents_seen(sim)]
        assert texts == [str(number) for number in range(31)]
        await transport.close()

    async def test_history_is_handed_over_before_the_first_turn(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        history = history_contents([Past("user", "I am Ada."), Past("model", "Hello Ada.")])
        transport = await open_to(factory, sim, tokens, history)
        await transport.send(text_turn("And now?"))
        await turn(transport)
        contents = factory.contents_seen(sim)
        assert [(content["role"], content["parts"]) for content in contents] == [
            ("user", [{"text": "I am Ada."}]),
            ("model", [{"text": "Hello Ada."}]),
            ("user", [{"text": "And now?"}]),
        ]
        await transport.close()

    async def test_close_ends_receive_silently_and_may_be_repeated(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        before = other_tasks()
        transport = await open_to(factory, sim, tokens)

        async def read() -> int:
            return len([frame async for frame in transport.receive()])

        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        await asyncio.gather(transport.close(), transport.close())
        await transport.close(1001)
        assert await reading >= 0
        await sim.wait_for(lambda sim: factory.busy(sim) == 0)
        await until(lambda: not (other_tasks() - before))

    async def test_close_before_open_is_nothing(self, factory: Factory, sim: Simulator, tokens: object) -> None:
        transport = factory.make(sim.base_url, tokens)
        await transport.close()
        assert not sim.connections
        assert not sim.requests

    async def test_send_and_receive_need_an_open_transport(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        transport = factory.make(sim.base_url, tokens)
        with pytest.raises(Failure):
            await transport.send(text_turn("too early"))
        with pytest.raises(Failure):
            await anext(aiter(transport.receive()))

    async def test_sending_to_a_dead_upstream_is_a_failure(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        sim.scenario = factory.dies
        transport = await open_to(factory, sim, tokens)
        if factory.by_request:
            await transport.send(text_turn("one two three four five six"))
        with pytest.raises(Failure):
            async for _ in transport.receive():
                pass
        for _ in range(2):
            with pytest.raises(Failure):
                await transport.send(text_turn("anybody?"))
        await transport.close()

    async def test_sending_after_our_own_close_is_a_failure(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        transport = await open_to(factory, sim, tokens)
        await transport.close()
        with pytest.raises(Failure):
            await transport.send(text_turn("anybody?"))

    @pytest.mark.parametrize("at", [0, -1, None], ids=["first", "last", "tcp"])
    async def test_open_keeps_its_deadline(self, factory: Factory, sim: Simulator, tokens: Any, at: int | None) -> None:
        stage = "tcp" if at is None else factory.hangs[at]
        before = other_tasks()
        silent: list[asyncio.StreamWriter] = []

        async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            silent.append(writer)
            await reader.read()

        async with tcp_server(says_nothing) as base:
            if stage != "tcp":
                sim.scenario, base = stage, sim.base_url
            transport = factory.make(base, tokens)
            end = deadline(0.5)
            with pytest.raises(Failure) as caught:
                await transport.open(factory.setup(), (), end)
            assert asyncio.get_running_loop().time() - end < 0.7, "a close handshake was waited for"
            kind = K.SETUP_TIMEOUT if stage == "never_setup" else K.CONNECT_TIMEOUT
            assert (caught.value.kind, caught.value.verdict.action) == (kind, A.SKIP)
            await sim.wait_for(lambda sim: factory.busy(sim) == 0)
        await until(lambda: not (other_tasks() - before))

    @pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
    async def test_a_cancelled_open_leaves_nothing_behind(
        self, factory: Factory, sim: Simulator, tokens: Any, at: int
    ) -> None:
        before, stage = other_tasks(), factory.hangs[at]
        sim.scenario = stage
        transport = factory.make(sim.base_url, tokens)
        opening = asyncio.create_task(transport.open(factory.setup(), (), deadline()))
        await sim.wait_for(
            lambda sim: (
                bool(sim.requests)
                if factory.by_request
                else bool(sim.connections) and (stage == "never_accepts" or sim.connections[0].setup is not None)
            )
        )
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()
        await sim.wait_for(lambda sim: factory.busy(sim) == 0)
        await until(lambda: not (other_tasks() - before))

    async def test_every_scenario_that_refuses_gives_its_failure(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        seen: dict[str, Ends] = {}
        for scenario in factory.at_open:
            sim.scenario = scenario
            with pytest.raises(Failure) as caught:
                await open_to(factory, sim, tokens, seconds=0.5 if scenario in factory.hangs else 20)
            verdict = caught.value.verdict
            seen[scenario] = (caught.value.kind, verdict.action, verdict.scope)
        assert seen == factory.at_open

    async def test_every_scenario_that_breaks_off_gives_its_failure(
        self, factory: Factory, sim: Simulator, tokens: object
    ) -> None:
        seen: dict[str, Ends] = {}
        for scenario in factory.later:
            sim.scenario = scenario
            transport = await open_to(factory, sim, tokens)
            with pytest.raises(Failure) as caught:
                if scenario not in ("internal_after_setup", "go_away"):
                    await transport.send(text_turn("one two three four five six seven eight"))
                async with asyncio.timeout(20):
                    async for _ in transport.receive():
                        pass
            verdict = caught.value.verdict
            seen[scenario] = (caught.value.kind, verdict.action, verdict.scope)
            await transport.close()
        assert seen == factory.later
        await sim.wait_for(lambda sim: factory.busy(sim) == 0)
