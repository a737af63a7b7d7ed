"""The page in a real browser, with the server side of its socket played by the test."""

import base64
import json
import math
import os
import re
import uuid
import wave
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import Client
from playwright.sync_api import Page, Route, WebSocketRoute

from project.tests.browser.listening import SPY

# Playwright's synchronous interface runs an event loop in this thread, which Django takes for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = Path("/usr/bin/chromium")
FAMILY = "Gemini 2.5 Flash Live Preview 🎤"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    # Playwright keeps an event loop in this thread until the end: asynchronous tests have to be over by then.
    items.sort(key=lambda item: here in item.path.parents)
    for item in (item for item in items if here in item.path.parents):
        item.add_marker(pytest.mark.browser)
        # pytest-base-url, which pytest-playwright brings along, is behind pytest 9.
        item.add_marker(pytest.mark.filterwarnings("ignore:Session-scoped fixtures:pytest.PytestRemovedIn10Warning"))
        if not CHROMIUM.exists() and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed (Debian package chromium)"))


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's microphone hears: half a second of silence, a second and a half of voice, six of silence."""
    path: Path = tmp_path_factory.mktemp("microphone") / "voice.wav"
    rate = 48_000
    swell = (0.35 + 0.25 * math.sin(math.tau * 4 * at / rate) for at in range(rate * 3 // 2))
    voice = array("h", (int(20_000 * loud * math.sin(math.tau * 220 * at / rate)) for at, loud in enumerate(swell)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(rate) + voice.tobytes() + bytes(2 * 6 * rate))
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], microphone: Path) -> dict[str, Any]:
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    # A microphone that hears a voice again and again, a camera with a moving picture, and nobody who has to allow it.
    voice = f"--use-file-for-fake-audio-capture={microphone}"
    devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", voice]
    screen = "--auto-select-desktop-capture-source=Entire screen"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", *quiet, *devices, screen]
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": arguments}


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session", autouse=True)
def static_files_from_memory() -> Iterator[None]:
    """Each page fetches a hundred modules, and each test begins with an empty cache: looking every file up in every
    application took most of the time of most tests."""
    found: dict[str, tuple[bytes, str]] = {}
    look_up = StaticFilesHandler.serve

    def serve(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponse:
        if request.path not in found:
            answer = look_up(handler, request)
            assert isinstance(answer, FileResponse)
            found[request.path] = b"".join(cast("Iterator[bytes]", answer)), answer["Content-Type"]
            answer.close()
        content, kind = found[request.path]
        return HttpResponse(content, content_type=kind, headers={"Cache-Control": "max-age=600"})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StaticFilesHandler, "serve", serve)
        yield


class Connection:
    """One socket of the page; `received` holds what the page said on it."""

    def __init__(self, route: WebSocketRoute, edge: "Edge") -> None:
        self.route = route
        self.edge = edge
        self.path = re.sub(r"^ws://[^/]+", "", route.url)
        self.conversation = uuid.UUID(self.path.split("/")[3]) if self.path.count("/") > 3 else edge.conversation
        self.received: list[dict[str, Any]] = []
        route.on_message(self._receive)

    @property
    def setup(self) -> dict[str, Any]:
        found: dict[str, Any] = self.received[0]["setup"]
        return found

    def realtime(self, kind: str) -> list[Any]:
        """What came under `realtimeInput.<kind>`."""
        inputs = [message["realtimeInput"] for message in self.received if "realtimeInput" in message]
        return [each[kind] for each in inputs if kind in each]

    @property
    def stops(self) -> int:
        return sum(bool(message.get("proxy", {}).get("stop")) for message in self.received)

    @property
    def typed(self) -> list[tuple[str, str]]:
        contents = [message for message in self.received if "id" in message.get("proxy", {})]
        return [
            (content["proxy"]["id"], content["clientContent"]["turns"][0]["parts"][-1].get("text", ""))
            for content in contents
        ]

    def _receive(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        self.received.append(message)
        if "setup" in message and self.edge.sets_up:
            self.send({"setupComplete": {}})
            names = {"session": str(uuid.uuid4()), "conversation": str(self.conversation)}
            self.notice(**names, family=message["setup"]["model"])
            self.notice(transport="websocket", model="gemini-live-2.5-flash", platform="vertex")
        elif "id" in message.get("proxy", {}) and self.edge.saves:
            self.notice(saved=message["proxy"]["id"], message=str(uuid.uuid4()))

    def send(self, message: dict[str, Any]) -> None:
        self.route.send(json.dumps(message))

    def notice(self, **content: Any) -> None:
        self.send({"proxy": content})

    def serves(self, transport: str, *lost: str, **more: Any) -> None:
        self.notice(transport=transport, model="gemini-2.5-flash", platform="vertex", lost=list(lost), **more)

    def heard(self, text: str) -> None:
        self.send({"serverContent": {"inputTranscription": {"text": text}}})

    def speak(self, text: str, seconds: float) -> None:
        """A piece of a spoken answer, and its words."""
        tone = array("h", (int(9000 * math.sin(math.tau * 330 * at / 24_000)) for at in range(int(24_000 * seconds))))
        data = base64.b64encode(tone.tobytes()).decode()
        part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
        self.send({"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}})
        self.send({"serverContent": {"outputTranscription": {"text": text}}})

    def say(self, *parts: str | dict[str, Any]) -> None:
        made = [part if isinstance(part, dict) else {"text": part} for part in parts]
        self.send({"serverContent": {"modelTurn": {"role": "model", "parts": made}}})

    def turn(self, message: str, status: str, **more: Any) -> None:
        served = {"transport": "websocket", "model": "gemini-live-2.5-flash", **more}
        self.notice(turn={"message": message, "status": status, **served})

    def end_turn(self) -> None:
        self.send({"serverContent": {"generationComplete": True}})
        self.send({"serverContent": {"turnComplete": True}, "usageMetadata": {"totalTokenCount": 7}})

    def answer(self, *chunks: str) -> None:
        message = str(uuid.uuid4())
        self.turn(message, "pending")
        for chunk in chunks:
            self.say(chunk)
        self.turn(message, "complete", first_output_ms=120)
        self.end_turn()

    def close(self, code: int) -> None:
        self.route.close(code=code)


class Edge:
    """The server side of `/ws/live/`: sets up and confirms by itself unless told otherwise."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.conversation = uuid.uuid4()
        self.sets_up = True
        self.saves = True
        self.connections: list[Connection] = []
        self.rows: list[dict[str, Any]] = []  # what the record says of this conversation
        self.replaced = 0  # how many messages are no part of it any more
        page.route(f"**/api/conversations/{self.conversation}/messages/**", self._read_rows)
        page.route_web_socket(re.compile(r"/ws/live/"), lambda route: self.connections.append(Connection(route, self)))

    def _read_rows(self, route: Route) -> None:
        conversation = {"id": str(self.conversation)}
        route.fulfill(
            json={"conversation": conversation, "messages": self.rows, "next": None, "replaced": self.replaced}
        )

    @property
    def now(self) -> Connection:
        return self.connections[-1]

    def wait_until(self, true: Callable[[], bool], what: str, seconds: float = 5) -> None:
        for _ in range(int(seconds * 50)):
            if true():
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"Not within {seconds} s: {what}")

    def wait_for_connection(self, count: int) -> Connection:
        self.wait_until(lambda: len(self.connections) >= count, f"connection {count}", seconds=10)
        return self.connections[count - 1]

    def wait_for_typed(self, count: int = 1) -> Connection:
        self.wait_until(lambda: bool(self.connections) and len(self.now.typed) >= count, f"{count} typed messages")
        return self.now


@pytest.fixture
def edge(page: Page) -> Edge:
    return Edge(page)


class Complaints(list[str]):
    """What the browser found wrong. `expected` words are taken out by tests that provoke them."""

    def forgive(self, fragment: str) -> None:
        self[:] = [complaint for complaint in self if fragment not in complaint]


@pytest.fixture
def complaints(page: Page) -> Iterator[Complaints]:
    """Console errors, uncaught exceptions and violations of the content security policy fail the test."""
    found = Complaints()
    page.on(
        "console",
        lambda message: (
            found.append(f"{message.text} {message.location}") if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: found.append(f"uncaught: {error}"))
    page.expose_function("reportViolation", lambda text: found.append(f"CSP: {text}"))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " (event) => reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
    )
    yield found
    page.wait_for_timeout(30)
    assert found == []


@pytest.fixture
def signed_in(page: Page, live_server: Any, django_user_model: Any) -> Any:
    """Alice, signed in by cookie: hashing a password for every test would cost most of the run."""
    alice = django_user_model(username="alice")
    alice.set_unusable_password()
    alice.save()
    client = Client()
    client.force_login(alice)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return alice


@pytest.fixture
def ready_to_talk(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    """The page, open, with a microphone and a camera that it may use, and somebody who listens to what it plays."""
    page.context.grant_permissions(["microphone", "camera"])
    page.add_init_script(SPY)
    page.goto(f"{live_server.url}/")
