"""What a page makes heard: the samples that leave its playback, whatever it says of itself."""

from __future__ import annotations

from playwright.sync_api import Page

# Whatever goes to the loudspeaker goes to an analyser as well. Tracks are kept: is the microphone let go?
SPY = """
window.tracks = [];
window.asked = [];
window.silentAt = null;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...more) {
  window.room = this.context;
  if (target instanceof AudioDestinationNode) {
    window.analyser = new AnalyserNode(this.context, {fftSize: 256});
    connect.call(this, window.analyser);
  }
  return connect.call(this, target, ...more);
};
for (const name of ["getUserMedia", "getDisplayMedia"]) {
  const ask = MediaDevices.prototype[name];
  MediaDevices.prototype[name] = async function (constraints) {
    window.asked.push({name, constraints});
    const stream = await ask.call(this, constraints);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}
window.loudness = () => {
  if (!window.analyser) return 0;
  const samples = new Float32Array(256);
  window.analyser.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
// Milliseconds from a message's arrival to silence.
window.untilSilence = (mark) => new Promise((done) => {
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const value = parse(text);
    if (typeof text === 'string' && text.includes(mark)) {
      JSON.parse = parse;
      const from = performance.now();
      const look = () => (window.loudness() < 0.001 ? done(performance.now() - from) : setTimeout(look, 2));
      look();
    }
    return value;
  };
});
"""


def listen(page: Page) -> None:
    """To be called before the page is opened."""
    page.add_init_script(SPY)


def loudness(page: Page) -> float:
    return float(page.evaluate("window.loudness()"))


def wait_for_sound(page: Page) -> None:
    wait_until(page, "window.loudness() > 0.05")


def wait_for_silence(page: Page) -> None:
    wait_until(page, "window.loudness() < 0.001")


def wait_until(page: Page, true: str, seconds: float = 8) -> None:
    """Asked from outside: the page's policy forbids what Playwright's own waiting evaluates inside."""
    for _ in range(int(seconds * 50)):
        if page.evaluate(true):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"Not within {seconds} s: {true}")


def microphone_is_open(page: Page) -> bool:
    return bool(page.evaluate("window.tracks.some((track) => track.kind === 'audio' && track.readyState === 'live')"))
