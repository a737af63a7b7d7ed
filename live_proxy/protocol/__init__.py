"""The Live API's wire as data: frames, JSON, events and reasons. No I/O, no policy, no Django."""
