"""The clock of Kazakhstan: days of quotas, and times that people read.

Source: Government decree 1749 of 23 November 2000, as changed on 19 January 2024.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Final

KAZAKHSTAN: Final = timezone(timedelta(hours=5), "Asia/Almaty")
"""One offset in the whole country since 1 March 2024; nothing here is older."""
