"""The mapping file as it is written (TOML): which tables it has, and what may stand in each."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A table of the mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Value(Part):
    """Where a value comes from: exactly one of column, constant and expression, and a map of values."""

    column: str | None = None
    constant: str | None = None
    expression: str | None = None
    codes: str | None = None
    """Name of a ``[codes.NAME]`` table."""
    approved: str | None = None
    """Name of an ``[approved.NAME]`` table."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(one is not None for one in (self.column, self.constant, self.expression)) != 1:
            raise ValueError("name exactly one of column, constant and expression")
        if self.codes is not None and self.approved is not None:
            raise ValueError("name codes or approved, not both")
        return self


Written = str | Value
"""A text is the name of a column."""
Values = dict[str, Written]


class ApprovedPart(Part):
    """``[approved.NAME]``: HR's values whose codes persons approve in a file of its own."""

    file: str
    name_ru: Written | None = None
    name_kk: Written | None = None


class Dates(Part):
    """``[dates]``: what is to be known of dates and of cells without a value."""

    formats: tuple[str, ...] = ("YYYY-MM-DD",)
    empty: tuple[str, ...] = ("00000000", "0000-00-00", "0001-01-01")
    endless: tuple[str, ...] = ("99991231", "9999-12-31")
    time_zone: str = "Kazakhstan"
    year_offset: Annotated[int, Field(ge=0, le=4000)] = 0


class SlicesPart(Part):
    """``slices``: the columns between which a row holds."""

    begins: Written
    ends: Written


class SecondmentPart(Part):
    """``[contract.secondment]``: rows that show a secondment, and whose contract goes on meanwhile."""

    when: Value
    key: Written | None = None


class ContractPart(Part):
    """``[contract]``: the query that gives one row for each contract."""

    query: str
    key: Written
    employer_bin: Written
    entered_at: str = ""
    department: Written | None = None
    slices: SlicesPart | None = None
    conclusion: Values
    amendment: Values = {}
    termination: Values = {}
    reinstatement: Values = {}
    secondment: SecondmentPart | None = None


class LeavePart(Part):
    """``[leave]``: the query that gives one row for each social leave."""

    query: str
    key: Written
    contract_key: Written
    entered_at: str = ""
    department: Written | None = None
    gone: Literal["ignored", "deleted"] = "ignored"
    social_leave: Values


class TablePart(Part):
    """``[tables.NAME]``: a table that is fetched whole, from an OData service or a file of JSON lines."""

    read: Annotated[str, Field(min_length=1)]
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    key: tuple[str, ...] = ()
    filter: str = ""
    max_age: Annotated[int, Field(ge=1, le=24 * 31)] = 48


class TriggersPart(Part):
    """``[triggers]``: HR's tables that triggers watch, each with its column of the contract's key."""

    contract: dict[str, str]


class MappingDocument(Part):
    """The whole file."""

    version: Literal[1]
    empty: tuple[str, ...] = ()
    dates: Dates = Dates()
    codes: dict[str, dict[str, str]] = {}
    approved: dict[str, ApprovedPart] = {}
    tables: dict[str, TablePart] = {}
    contract: ContractPart
    leave: LeavePart | None = None
    triggers: TriggersPart | None = None
