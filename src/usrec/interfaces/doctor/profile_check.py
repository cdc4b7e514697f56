"""The wire profile: what in it nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

UNUSABLE: Final = Kind(
    "profile",
    "unusable",
    Verdict.FAIL,
    N_("The wire profile cannot be used: {why}"),
    N_("Name current, seen, or a folder with profile.toml and the official XSD in [gateway] profile"),
)
ASSUMED: Final = Kind(
    "profile",
    "assumed",
    Verdict.WARN,
    N_("Parts of the wire profile that are assumed and not confirmed: {number}"),
    N_("Have USREC's owner confirm each before production, or put the official XSD in place (see its SOURCES.md)"),
)
WITHOUT_RECORD_ID: Final = Kind(
    "profile",
    "without_record_id",
    Verdict.WARN,
    N_("The wire profile carries no record id of ours: after a lost answer a person may have to find out"),
    N_("Use it only where USREC's owner says so; the profile current resolves such doubts by itself"),
)
CONFIRMED: Final = Kind(
    "profile", "confirmed", Verdict.OK, N_("The wire profile says of nothing in it that it is assumed")
)
ASSUMPTIONS: Final = (
    N_("a second operation element in a message is not allowed"),
    N_("the record id's element is id, the first child of each operation element"),
    N_("the record id of a new contract is the contractId of later messages"),
    N_("documentData/conscript may be absent"),
    N_("position and establishedPost of an agreement may be absent"),
    N_("establishedPost may hold free text beside the code in position"),
    N_("position is a code without spaces, up to 32 characters"),
    N_("numbers have up to 255, a post up to 1000 characters"),
    N_("contractId has 1-45 letters, digits, hyphens"),
    N_("the element names of every operation but conclusion, amendment and termination"),
    N_("contracts older than Order 353 have an operation of their own, legacyContractData"),
    N_("the element names of the optional fields: term, place, hours, conditions, foreigner, consent, phones"),
    N_("one professional skill, one personal quality, one harmful condition and one supporting document in a message"),
    N_("supportingDocument stands after harmfulConditions and holds id, file (base64), format, name in this order"),
    N_("the terms of work stand after establishedPost, foreignerData after documentData"),
    N_("every operation on a contract names it by contractId, those on an agreement or a leave also by its own id"),
    N_("orderNumber and decidingBody of a reinstatement may be absent"),
    N_("every other element of contract.xsd is required"),
)
"""What the shipped profiles assume, for the catalogues; a test holds it to their files."""


def examine_profile(installation: Installation) -> Iterator[Line]:
    """Every assumption of the profile that is in use."""
    from usrec.adapters.rendering.profile import load_profile
    from usrec.gateway import profile_choice

    try:
        profile = load_profile(profile_choice(installation.settings))
    except ConfigurationError as problem:
        yield UNUSABLE.line(why=f"{problem.where}: {problem.what}")
        return
    name, assumed = profile.mapping.name, profile.assumed()
    yield ASSUMED.line(about=name, details=assumed, number=len(assumed)) if assumed else CONFIRMED.line(about=name)
    if not profile.mapping.record_id:
        yield WITHOUT_RECORD_ID.line(about=name)
