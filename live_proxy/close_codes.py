"""The codes that this service closes a page's socket with, each with what it tells the client to do. Pure."""

from enum import IntEnum


class CloseCode(IntEnum):
    NORMAL = 1000
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTARTING = 1012  # come back at once
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    NO_CONVERSATION = 4404
    TOO_SLOW = 4408
    TAKEN_OVER = 4409
    LIMIT = 4429


SIGNED_OUT = "You are no longer signed in."
TAKEN_OVER = "This conversation goes on elsewhere."
NO_CONVERSATION = "There is no such conversation."
RESTARTING = "The service is restarting."
TOO_SLOW = "The connection is too slow."
INTERNAL = "Something went wrong on the server."
