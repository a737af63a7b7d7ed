"""The numbers at `/metrics`. Labels come from closed sets only, so the number of series is bounded."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("live_sessions", "Open sessions", ["client"])
SESSIONS_REFUSED = Counter("live_sessions_refused_total", "Sessions refused before set-up", ["why"])
ATTEMPTS = Counter("live_attempts_total", "Ended attempts to reach Gemini", ["transport", "platform", "kind"])
ATTEMPT_SECONDS = Histogram(
    "live_attempt_seconds",
    "Time to set-up or failure of an attempt",
    ["transport"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
)
FALLBACKS = Counter("live_fallbacks_total", "Steps to another candidate", ["from_transport", "to_transport"])
TURNS = Counter("live_turns_total", "Ended turns", ["transport", "status"])
FIRST_OUTPUT_SECONDS = Histogram(
    "live_first_output_seconds",
    "From the end of a person's input to the first output",
    ["transport"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
)
FRAMES = Counter("live_frames_total", "Relayed frames", ["direction", "kind"])
CLOSES = Counter("live_closes_total", "Closed client sockets", ["code"])
RECORDS_WRITTEN = Counter("live_records_written_total", "Records committed to the database")
RECORDS_LOST = Counter("live_records_lost_total", "Records that could not be written")
WRITES_LATE = Counter("live_writes_late_total", "Durable writes that took longer than promised")
WRITER_FAILING = Gauge("live_writer_failing", "1 while the database takes no records")
WRITER_LAG = Gauge("live_writer_lag_records", "Records waiting to be written")
BREAKER_OPEN = Gauge("live_breaker_open_circuits", "Candidates that are not tried: they failed, or are held out")
LOOP_LAG = Gauge("live_loop_lag_seconds", "Longest delay of the event loop in the last second")

# One series each, resolved once: `labels()` is a lock and a look-up, too dear for every frame.
MEDIA_UP = FRAMES.labels("up", "media")
MEDIA_DOWN = FRAMES.labels("down", "media")
CONTROL_UP = FRAMES.labels("up", "control")
CONTROL_DOWN = FRAMES.labels("down", "control")
