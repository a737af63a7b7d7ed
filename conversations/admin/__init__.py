"""The review: dense read-only lists by Unfold, and our own pages for whole transcripts."""

from conversations.admin import attempts, conversations, messages, people, sessions

__all__ = ["attempts", "conversations", "messages", "people", "sessions"]
