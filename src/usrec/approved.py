"""Part of the composition root: codes that persons approved for the values of sources, by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.domain.rules.approved_codes import BY_NOBODY, ApprovedCodesOf, ApprovedFields
from usrec.domain.source_event import SourceName
from usrec.settings import LoadedSettings, mapped

if TYPE_CHECKING:
    from usrec.domain.mapping.review import ApprovedCodes


def build_approved_codes(settings: LoadedSettings) -> ApprovedCodesOf:
    """Of every source that has values of its own.

    Where a file cannot be used, nothing counts as approved for that source: it is held anyway, and what of it is
    examined again meanwhile must not pass with a value of HR's in the place of a code.
    """
    files = dict(mapped(settings.values.source))
    if not files:
        return BY_NOBODY
    return ApprovedCodesOf({SourceName(name): _or_nothing(settings, name, fields) for name, fields in files.items()})


def read_approved(settings: LoadedSettings, name: str) -> ApprovedFields:
    """Of one source.

    Raises:
        ConfigurationError: A review file is missing, damaged, contradicts itself, or is of another list.
    """
    fields = dict(mapped(settings.values.source)).get(name, {})
    return ApprovedFields({field: _codes(settings, name, field, file) for field, file in fields.items()})


def _or_nothing(settings: LoadedSettings, name: str, fields: Mapping[str, Path]) -> ApprovedFields:
    from usrec.domain.mapping.review import ApprovedCodes

    try:
        return read_approved(settings, name)
    except ConfigurationError:
        return ApprovedFields(dict.fromkeys(fields, ApprovedCodes()))


def _codes(settings: LoadedSettings, name: str, field: str, file: Path) -> ApprovedCodes:
    return approved_in(settings.path(file), field, f"[source.{name}] approved.{field}")


def approved_in(file: Path, field: str, where: str) -> ApprovedCodes:
    """What a review file approves for a field.

    Raises:
        ConfigurationError: It is missing, damaged, contradicts itself, or is of another list.
    """
    from usrec.adapters.sources.mapping.reviews import Reviews
    from usrec.domain.rules.codes import CODE_FIELDS

    try:
        return Reviews(file.parent).codes(file.name, CODE_FIELDS[field].dictionary)
    except ValidationProblem as problem:
        raise ConfigurationError(
            f"{problem.where}: {problem.what}",
            where=where,
            kept="Nothing was taken from this source, and nothing is lost",
            next_step=problem.next_step,
        ) from None
