"""How requests travel to one standard model: what the HTTP tiers have in common and what each does by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import ClassVar

from live_proxy.addresses import Addresses
from live_proxy.candidates import Candidate
from live_proxy.credentials import Token, TokenProvider
from live_proxy.protocol.codec import JsonObject


class Tier(ABC):
    """One for each upstream session or request. Every method raises `Failure` and nothing else."""

    name: ClassVar[str]

    def __init__(self, candidate: Candidate, *, addresses: Addresses, tokens: TokenProvider, api_key: str) -> None:
        self._candidate = candidate
        self._addresses = addresses
        self._tokens = tokens
        self._api_key = api_key
        self.model = candidate.model.name

    async def token(self, *, refused: str = "") -> Token | None:
        """The credential of the next request; None on the Developer API, which takes its key."""
        if self._candidate.platform == "developer":
            return None
        return await self._tokens.token(refused=refused)

    @abstractmethod
    async def connect(self) -> None:
        """Make what requests need."""

    @abstractmethod
    async def count_tokens(self, body: JsonObject, token: Token | None) -> JsonObject:
        """A request that costs nothing and proves that others would be taken."""

    @abstractmethod
    async def generate(self, body: JsonObject, token: Token | None) -> JsonObject:
        """One answer as a whole."""

    @abstractmethod
    def stream(self, body: JsonObject, token: Token | None) -> AsyncGenerator[JsonObject]:
        """The decoded chunks of one answer."""

    @abstractmethod
    async def disconnect(self) -> None: ...
