"""What our part adds between a mouth and an ear, measured in a real browser: `make bench ARGS=--voice`.

The person lets go of the push-to-talk button, the simulator answers at once, and the clock stops when the playback
worklet renders the first sample of the answer. To this comes the last frame of speech, which is 20 ms long, and its way
from the audio thread. The network is loopback, the loudspeaker's own latency is left out: neither is ours.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from project.tests.processes import Stack

CHROMIUM = "/usr/bin/chromium"
FRAME_MS = 20.0
GOAL_MS = 60.0
DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
# Listens at the ports of both worklets: when a frame of speech left the audio thread, when an answer began to sound.
SPY = """
window.hops = [];
window.sounded = null;
const Node = AudioWorkletNode;
window.AudioWorkletNode = class extends Node {
  constructor(context, name, options) {
    super(context, name, options);
    this.port.addEventListener("message", ({data}) => {
      // The page may be busy showing captions when it hears of it: the audio thread's own clock counts.
      const late = Math.max(0, (context.currentTime - data.at) * 1000);
      if (name === "capture") window.hops.push(late);
      else if (data.sounding && window.sounded && window.from) window.sounded(performance.now() - late);
    });
  }
};
window.answered = () => new Promise((done) => {
  const button = document.querySelector("#talk");
  // What still comes of the answer before is not meant.
  window.from = 0;
  window.sounded = (now) => { window.sounded = null; done(now - window.from); };
  button.dispatchEvent(new PointerEvent("pointerdown", {pointerId: 1}));
  setTimeout(() => {
    window.hops.length = 0;
    window.from = performance.now();
    button.dispatchEvent(new PointerEvent("pointerup", {pointerId: 1}));
  }, 400);
});
"""


def report(turns: int) -> int:
    """Prints the distribution. 0, met or missed, like the other measurements."""
    with tempfile.TemporaryDirectory(prefix="bench-voice-") as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), chunk_delay=0)
        try:
            cookie = stack.user("bench")
            _, address = stack.serve()
            answers, hops = _measured(f"http://{address}", cookie, turns)
        finally:
            stack.stop()
    whole = sorted(FRAME_MS + median(hops) + each for each in answers)
    p50, p95 = whole[len(whole) // 2], whole[int(len(whole) * 0.95)]
    sys.stdout.write(
        f"mouth to ear, our part: {turns} turns, p50 {p50:.0f} ms, p95 {p95:.0f} ms, "
        f"from {whole[0]:.0f} to {whole[-1]:.0f} ms\n"
        f"  a frame of speech {FRAME_MS:.0f} ms, from the audio thread {median(hops):.1f} ms, "
        f"from the end of speech to the first sample {median(answers):.0f} ms (medians)\n"
        f"{'pass' if p50 <= GOAL_MS else 'MISS'}  {p50:5.0f}  at most {GOAL_MS:.0f} ms p50\n"
    )
    return 0


def _measured(url: str, cookie: str, turns: int) -> tuple[list[float], list[float]]:
    answers: list[float] = []
    hops: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *DEVICES])
        context = browser.new_context(permissions=["microphone"])
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
        page = context.new_page()
        page.add_init_script(SPY + "localStorage.setItem('device', '{\"pushToTalk\": true}');")
        page.goto(url)
        page.get_by_role("button", name="Start voice").click()
        page.get_by_text("Hold the space bar or the button to talk").wait_for()
        # The synthetic pointer is none that could be captured.
        page.evaluate("HTMLElement.prototype.setPointerCapture = () => {}")
        _turn(page)  # the first one loads what the others find loaded
        for _ in range(turns):
            answers.append(_turn(page))
            hops += page.evaluate("window.hops")
        browser.close()
    return answers, hops


def _turn(page: Page) -> float:
    took = float(page.evaluate("window.answered()"))
    # The next one interrupts: nobody has to hear the answers out.
    page.wait_for_timeout(300)
    return took
