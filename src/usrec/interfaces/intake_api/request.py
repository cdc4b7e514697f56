"""A request to take events, read strictly: what cannot be kept as it was sent is refused here, with its place.

Whether an event can be registered is not judged here: that is the rules' business, and their findings come back with
the state of the event. A name that stands twice in an object is refused, since nobody knows which of both is meant.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from usrec.domain.identifiers import new_record_id
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import Operation, SourceName, SourceRow
from usrec.interfaces.intake_api.problem import Fault, ProblemError
from usrec.ports.clock import Entropy

MOST_EVENTS: Final = 10_000
_MOST_FAULTS: Final = 20
_PLAIN: Final = r"^[^\x00]*$"
"""A NUL character is nothing that a ledger on PostgreSQL can keep."""
_KEY: Final = r"^[^\x00]*[^\s\x00][^\x00]*$"

Key = Annotated[str, Field(min_length=1, max_length=200, pattern=_KEY)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_PLAIN)]
Value = Annotated[str, Field(max_length=4000, pattern=_PLAIN)]


_PAYLOAD: Final = {
    "type": "object",
    "description": "The fields of the event.",
    "maxProperties": 100,
    "propertyNames": {"minLength": 1, "maxLength": 100, "pattern": _PLAIN},
    "additionalProperties": {"type": ["string", "null"], "maxLength": 4000, "pattern": _PLAIN},
}


def _whole(value: object) -> object:
    """JSON knows no whole numbers, only numbers that are whole, such as 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _showable(at: datetime) -> datetime:
    """A time that can be written in UTC and shown in Kazakhstan: the last hours of the year 9999 cannot."""
    try:
        kazakhstan_date(at.astimezone(UTC))
    except OverflowError:
        raise ValueError("no calendar holds this time") from None
    return at


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class IntakeEvent(_Strict):
    """One event; its payload holds the fields of docs/reference/events.md, each as text."""

    event_id: Annotated[Key, Field(description="Your own id of the event; it never changes.")]
    revision: Annotated[
        int,
        Field(ge=1, le=2**31 - 1, description="One higher with each correction of the same event."),
        BeforeValidator(_whole),
    ] = 1
    event_type: Annotated[Operation, Field(description="What happened.")]
    contract_key: Annotated[Key, Field(description="Your own key of the contract, never an IIN.")]
    employer_bin: Annotated[str, Field(pattern=r"^[0-9]{12}$", description="BIN, or IIN of an entrepreneur.")]
    withdrawn: Annotated[bool, Field(description="The event is taken back.")] = False
    entered_at: Annotated[
        Annotated[AwareDatetime, AfterValidator(_showable)] | None,
        Field(description="When it was entered, with its zone."),
    ] = None
    payload: Annotated[dict[Name, Value | None], Field(max_length=100), WithJsonSchema(_PAYLOAD)]


class Batch(_Strict):
    """Events that are kept together or not at all."""

    events: Annotated[tuple[IntakeEvent, ...], Field(min_length=1, max_length=MOST_EVENTS)]


def read_batch(content: bytes, *, most: int) -> Batch:
    """The events of a request.

    Raises:
        ProblemError: 400 when it is no JSON, 422 when it is of another form or holds too many events.
    """
    _require_json(content)
    try:
        batch = Batch.model_validate_json(content)
    except ValidationError as problem:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The request is not of the form that openapi.json tells",
            list(_faults(problem)),
        ) from None
    if len(batch.events) > most:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"There are more than {most} events in the request")
    return batch


def require_employers(batch: Batch, allowed: Collection[str] | None) -> None:
    """Whoever sends has events of its own employers only.

    Args:
        allowed: Their numbers; None for all.

    Raises:
        ProblemError: 422, with each event of another one.
    """
    if allowed is None:
        return
    others = [place for place, one in enumerate(batch.events) if one.employer_bin not in allowed]
    if others:
        detail = "This token is not for events of this employer"
        faults = [Fault(f"/events/{place}/employer_bin", detail) for place in others[:_MOST_FAULTS]]
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The request holds events of another employer", faults)


def rows_of(batch: Batch, source: SourceName, entropy: Entropy) -> Sequence[SourceRow]:
    """The events as rows, each with a new id as its place."""
    return [
        SourceRow(
            source=source,
            row_ref=new_record_id(entropy.token(16)),
            event_id=one.event_id,
            revision=one.revision,
            event_type=one.event_type.value,
            contract_key=one.contract_key,
            employer_bin=one.employer_bin,
            payload=json.dumps(
                {name: text for name, text in one.payload.items() if text is not None}, ensure_ascii=False
            ),
            withdrawn=one.withdrawn,
            entered_at=one.entered_at,
        )
        for one in batch.events
    ]


def _require_json(content: bytes) -> None:
    try:
        json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except _DoubledNameError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "A name stands twice in one object of the request") from None
    except (ValueError, RecursionError):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The request is no JSON in UTF-8") from None


class _DoubledNameError(Exception):
    """One name twice in one object."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledNameError
    return found


def _faults(problem: ValidationError) -> Iterator[Fault]:
    """The first faults, without what stood there; names of payload fields are the sender's, and may be anything."""
    every = problem.errors(include_input=False, include_url=False, include_context=False)
    found = [one for one in every if one["type"] != "too_short" or len(every) == 1] or every
    for one in found[:_MOST_FAULTS]:
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in one["loc"]]
        yield Fault("".join(f"/{step}" for step in steps if step != "[key]"), str(one["msg"]))
