"""With what code a session's socket is closed, and what its client should make of it."""

DONE = 1000
ABNORMAL = 1006
"""Never sent: the connection was lost, or never made."""
NOT_UTF8 = 1007
FAILURE = 1011
RESTARTING = 1012
TRY_AGAIN = 1013
BAD_MESSAGE = 4400
EXPIRED = 4401
DELETED = 4404
IDLE = 4408
REPLACED = 4409
LIMIT = 4429

LONGEST_REASON = 123
"""Bytes of UTF-8 that the reason beside a code may have."""
