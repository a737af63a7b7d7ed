"""The browser build of Google's JavaScript SDK on a page of another origin: no cookie, no proxy, a token of its own."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from project.tests.processes import Stack
from sdk_clients.javascript import SDK, javascript_sdk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
# The build names a package that only a bundler would find; it is used for repeating failed requests, no more.
RETRY = "const run = (call) => call(1); run.AbortError = Error; export default run; export const AbortError = Error;"
PAGE = """<!doctype html><meta charset="utf-8"><title>elsewhere</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"@google/genai": "/index.mjs", "p-retry": "/retry.js"}}</script>
<script type="module">import { GoogleGenAI } from "@google/genai"; window.GoogleGenAI = GoogleGenAI;</script>"""
LIVE = """async ([baseUrl, apiKey, model]) => {
  const messages = [];
  let tell;
  const ended = new Promise((resolve) => { tell = resolve; });
  const callbacks = {
    onmessage: (message) => { messages.push(message); if (message.serverContent?.turnComplete) tell("turn"); },
    onclose: ({ code, reason }) => tell(`${code} ${reason}`),
  };
  const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  const connecting = ai.live.connect({ model, callbacks, config: { responseModalities: ["TEXT"] } });
  const session = await Promise.race([connecting, ended]);
  if (typeof session === "string") return session;
  session.sendClientContent({ turns: "hello", turnComplete: true });
  await ended;
  session.close();
  return messages.flatMap((message) => message.serverContent?.modelTurn?.parts ?? []).map((part) => part.text).join("");
}"""
ASK = """async ([baseUrl, apiKey]) => {
  const { models } = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  let text = "";
  for await (const chunk of await models.generateContentStream({ model: "gemini-2.5-flash", contents: "hello" })) {
    text += chunk.text ?? "";
  }
  return text;
}"""


class Elsewhere(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        made = {"/": ("text/html", PAGE), "/retry.js": ("text/javascript", RETRY)}.get(self.path)
        if made is None:
            super().do_GET()
            return
        body = made[1].encode()
        self.send_response(200)
        self.send_header("Content-Type", made[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    javascript_sdk()
    handler = functools.partial(Elsewhere, directory=str(SDK / "dist" / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    stack = Stack(tmp_path_factory.mktemp("elsewhere"), transports="websocket,sdk,rest")
    key = stack.python(
        "from django.contrib.auth import get_user_model as g\n"
        "from live_proxy.api_tokens import issue\n"
        "user = g().objects.create_user('alice')\n"
        "print(json.dumps(issue(user, 'page', scopes=['live', 'generate'])[1]))"
    )
    _, address = stack.serve()
    yield f"http://{address}", key
    stack.stop()
    for log in Path(stack.folder).glob("*.log"):
        assert key not in log.read_text(errors="replace")


def test_it_talks_and_asks_with_a_token(page: Page, elsewhere: str, service: tuple[str, str]) -> None:
    url, key = service
    page.goto(elsewhere)
    page.wait_for_function("() => Boolean(window.GoogleGenAI)")
    assert "hello" in page.evaluate(LIVE, [url, key, "gemini-2.5-flash-live"])
    assert "hello" in page.evaluate(ASK, [url, key])


def test_it_is_told_why_it_may_not(page: Page, elsewhere: str, service: tuple[str, str]) -> None:
    url, key = service
    page.goto(elsewhere)
    page.wait_for_function("() => Boolean(window.GoogleGenAI)")
    assert page.evaluate(LIVE, [url, "K", "gemini-2.5-flash-live"]).startswith("1007 API key not valid")
    assert page.evaluate(LIVE, [url, key, "gemini-0"]).startswith("1008 models/gemini-0 is not found")
