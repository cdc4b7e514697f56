"""structlog and httpx without rich.

Where rich is installed, as it is with typer, structlog loads it for a kind of traceback that no log of ours has, and
httpx for a command line of its own: a hundred modules and 5 MB in every agent. Imported before both of them, this
module leaves that out; where one was imported already, nothing happens to it.
"""

import sys
from typing import Any, cast

modules = cast("dict[str, Any]", sys.modules)
absent = [name for name in ("pygments", "rich") if name not in modules]
modules |= dict.fromkeys(absent)
try:
    import httpx  # noqa: F401 -- it stays as it is loaded here
    import structlog  # noqa: F401 -- the same
finally:
    for name in absent:
        del modules[name]
