"""Two well-known job queues on PostgreSQL, each with jobs that do nothing, as their documentation has them run.

Run as a process with the name of one, a database and a number of jobs; prints how many it did in a second, first and
last tenth left out, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.relay_rate import middle_rate

CONCURRENCY = 20
"""Jobs of procrastinate at the same time; more made it no faster."""
BATCH = 10
"""Jobs that pgqueuer takes at once unless it is told otherwise."""
LARGE_BATCH = 100


async def run_procrastinate(database: str, jobs: int) -> list[float]:
    """Defer so many jobs and let one worker do them."""
    import procrastinate

    app, moments = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database)), list[float]()

    async def nothing(number: int) -> None:
        moments.append(time.perf_counter())

    task = app.task(nothing, name="nothing")
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await task.batch_defer_async(*({"number": number} for number in range(jobs)))
        await app.run_worker_async(concurrency=CONCURRENCY, wait=False, install_signal_handlers=False)
    return moments


async def run_pgqueuer(database: str, jobs: int, batch: int = BATCH) -> list[float]:
    """Enqueue so many jobs and let one worker do them."""
    import asyncpg
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.domain.types import QueueExecutionMode
    from pgqueuer.queries import Queries

    connection, moments = await asyncpg.connect(database), list[float]()
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    names = ["nothing"] * jobs
    await queries.enqueue(names, [str(number).encode() for number in range(jobs)], [0] * jobs)
    queue = PgQueuer(AsyncpgDriver(connection))

    async def nothing(job: object) -> None:
        moments.append(time.perf_counter())

    queue.entrypoint("nothing")(nothing)
    await queue.qm.run(batch_size=batch, mode=QueueExecutionMode.drain)
    await connection.close()
    return moments


async def run_pgqueuer_in_large_batches(database: str, jobs: int) -> list[float]:
    """The same, told to take more at once."""
    return await run_pgqueuer(database, jobs, LARGE_BATCH)


RIVALS: Mapping[str, Callable[[str, int], Awaitable[list[float]]]] = {
    "procrastinate": run_procrastinate,
    "pgqueuer": run_pgqueuer,
    "pgqueuer_in_large_batches": run_pgqueuer_in_large_batches,
}


async def _main(name: str, database: str, jobs: int) -> None:
    print(json.dumps({"rate": middle_rate(await RIVALS[name](database, jobs))}))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
