"""A program's conversation survives the process that served it."""

from __future__ import annotations

from pathlib import Path

import pytest

from project.tests.processes import Stack, wait_until
from sdk_clients.javascript import JavaScriptLive

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(120)]
KEPT = "from live_proxy.models import Resumption as R; print(json.dumps(R.objects.exclude(candidate='').exists()))"
TEXT = {"responseModalities": ["TEXT"], "sessionResumption": {}}


async def test_a_handle_is_good_at_another_process_after_kill_9(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        key = stack.python(
            "from django.contrib.auth import get_user_model as g\n"
            "from live_proxy.api_tokens import issue\n"
            "user = g().objects.create_user('alice')\n"
            "print(json.dumps(issue(user, 'program', scopes=['live'])[1]))"
        )
        first, address = stack.serve()
        client = {"apiKey": key, "httpOptions": {"baseUrl": f"http://{address}"}}
        model = "gemini-2.5-flash-live"
        async with JavaScriptLive(client=client, model=model, config=TEXT) as live:
            await live.event("connected")
            await live.do("sendClientContent", turns="my name is Ada", turnComplete=True)
            await live.turn()
            update = await live.message(lambda m: m.get("sessionResumptionUpdate", {}).get("newHandle"))
            wait_until(lambda: stack.python(KEPT), "Google's own handle, which comes behind the turn, is kept")
            first.popen.kill()
            await live.event("close")
        _, address = stack.serve()
        client = {"apiKey": key, "httpOptions": {"baseUrl": f"http://{address}"}}
        again = TEXT | {"sessionResumption": {"handle": update["sessionResumptionUpdate"]["newHandle"]}}
        async with JavaScriptLive(client=client, model=model, config=again) as live:
            await live.event("connected")
            await live.do("sendClientContent", turns="what is my name", turnComplete=True)
            text, _, _ = await live.turn()
            assert text
        rows = stack.python(
            "from conversations.models import Conversation as C, Message as M\n"
            "texts = list(M.objects.order_by('position').values_list('text', flat=True))\n"
            "print(json.dumps([C.objects.count(), texts]))"
        )
        assert rows[0] == 1 and len(rows[1]) == 4
        # Google's own session was gone on with, not begun anew with the history.
        assert stack.connections()[-1]["resumed"]
    finally:
        stack.stop()
