"""``usrec evidence verify``: whether a bundle is whole and proves what it says. Needs no settings and no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from usrec.interfaces.cli.options import AsJson, print_json
from usrec.interfaces.cli.tables import local_time, say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from kzeds.bundle.verifying import VerifiedBundle
    from kzeds.errors import KzedsError
    from usrec.adapters.evidence.found import CheckedEvidence

NOT_WHOLE: Final = 1
CANNOT_TELL: Final = 2


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="What usrec evidence export wrote.")],
    authorities: Annotated[
        Path | None,
        typer.Option("--authorities", metavar="DIR", help="Certificates of the authorities that you trust."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check every byte, signature and digest of a bundle, and the journal's chain; exit 1 names what was changed."""
    from kzeds.errors import IndeterminateError, KzedsError
    from kzeds.trust import load_authorities
    from usrec.adapters.evidence.checking import check_evidence
    from usrec.adapters.system_clock import SystemClock

    try:
        trusted = None if authorities is None else load_authorities(authorities)
        found = check_evidence(bundle, authorities=trusted, at=SystemClock().now())
    except OSError as problem:
        reason = f"{problem.filename or bundle}: {problem.strerror or problem}"
        _refuse(bundle, "indeterminate", reason, {}, as_json=as_json)
        raise typer.Exit(CANNOT_TELL) from None
    except IndeterminateError as problem:
        _refuse(bundle, "indeterminate", str(problem), {}, as_json=as_json)
        raise typer.Exit(CANNOT_TELL) from None
    except KzedsError as problem:
        _refuse(bundle, "failed", str(problem), _named(problem), as_json=as_json)
        raise typer.Exit(NOT_WHOLE) from None
    if as_json:
        print_json(evidence_json(found, bundle, judged=trusted is not None))
    else:
        for line in _words(found, judged=trusted is not None):
            say(line)
    raise typer.Exit(NOT_WHOLE if found.faults else 0)


def _named(problem: KzedsError) -> dict[str, list[str]]:
    """The files that are not as they were, by what became of them."""
    from kzeds.errors import BundleFilesError, DamagedBundleError

    if isinstance(problem, DamagedBundleError) and problem.name is not None:
        return {"changed": [problem.name]}
    named: dict[str, list[str]] = {}
    if isinstance(problem, BundleFilesError):
        for fault in problem.faults:
            named.setdefault(fault.kind.value, []).append(fault.name)
    return named


def _refuse(bundle: Path, result: str, reason: str, named: Mapping[str, list[str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"valid": False, "result": result, "file": str(bundle), "reason": reason, **named})
        return
    failed = result == "failed"
    say(tr("NOT WHOLE: {why}").format(why=reason) if failed else tr("CANNOT TELL: {why}").format(why=reason))


def evidence_json(found: CheckedEvidence, bundle: Path, *, judged: bool) -> dict[str, Any]:
    """What was found, for programs."""
    whole, head = found.bundle, found.head
    return {
        "valid": not found.faults,
        "result": "failed" if found.faults else "passed",
        "file": str(bundle),
        "label": whole.fields.get("label"),
        "journal": whole.fields.get("journal"),
        "program": whole.fields.get("program"),
        "made_at": whole.fields.get("made_at"),
        "scope": whole.fields.get("scope"),
        "ledger": whole.fields.get("ledger"),
        "files": whole.files,
        "signer": _signer_json(whole),
        "issuers": "checked" if judged else "not checked",
        "submissions": found.submissions,
        "documents": found.documents,
        "answers": found.answers,
        "answers_untrusted": found.untrusted,
        "answer_signers": [{"fingerprint": one, "bin": by.bin} for one, by in found.answer_signers.items()],
        "journal_lines": found.linked,
        "head": None
        if head is None
        else {"batch": head.batch, "lines": head.entries, "at": head.at, "stamped_at": found.head_stamped_at},
        "notices": {notice.value: count for notice, count in sorted((+found.notices).items())},
        "faults": [{"file": one.file, "fault": one.doubt.value, "detail": one.detail} for one in found.faults],
    }


def _signer_json(whole: VerifiedBundle) -> dict[str, Any]:
    return {
        "fingerprint": whole.signer.fingerprint,
        "bin": whole.signer.bin,
        "signing_time": whole.signing_time,
        "stamped_at": whole.stamped_at,
    }


def _words(found: CheckedEvidence, *, judged: bool) -> Iterator[str]:
    from usrec.interfaces.cli.evidence_words import DOUBTS, NOTICES

    for one in found.faults:
        detail = f" ({one.detail})" if one.detail else ""
        yield tr("WRONG: {file}: {what}").format(file=one.file, what=tr(DOUBTS[one.doubt]) + detail)
    whole = found.bundle
    files = ntr("{number} file", "{number} files", whole.files)
    signed = tr("No byte was changed since it was signed: {files}, certificate {signer}, BIN {bin}")
    yield signed.format(files=files, signer=whole.signer.short_id, bin=whole.signer.bin or "-")
    yield _when(whole)
    yield _issuers(judged=judged)
    documents = ntr("{number} document", "{number} documents", found.documents)
    answers = ntr("{number} answer", "{number} answers", found.answers)
    yield tr("Signatures are mathematically right: {documents}, {answers}").format(documents=documents, answers=answers)
    by = tr("Answers are signed with certificate {signer}, BIN {bin}: see that it is the gateway's")
    for signer in found.answer_signers.values():
        yield by.format(signer=signer.short_id, bin=signer.bin or "-")
    yield from _chain(found)
    for notice, count in sorted((+found.notices).items()):
        yield tr("Note: {what} ({number})").format(what=tr(NOTICES[notice]), number=count)


def _chain(found: CheckedEvidence) -> Iterator[str]:
    """How the journal's lines are bound; nothing where that was found wrong."""
    from usrec.adapters.evidence.found import Doubt

    if {Doubt.CHAIN, Doubt.HEAD} & {one.doubt for one in found.faults}:
        return
    yield ntr(
        "{number} line of the journal stands in its chain",
        "{number} lines of the journal stand in its chain",
        found.linked,
    )
    if found.head is not None:
        head = tr("The chain is signed up to batch {batch}, at {time}")
        yield head.format(batch=found.head.batch, time=local_time(found.head.at))


def _when(whole: VerifiedBundle) -> str:
    if whole.stamped_at is not None:
        return tr("Signed before {time}, by a time stamp").format(time=local_time(whole.stamped_at))
    return tr("Signed at {time}, by the signer's own word").format(time=local_time(whole.signing_time))


def _issuers(*, judged: bool) -> str:
    if judged:
        return tr("Issuers: all certificates come from the authorities that you gave, at the time of their signatures")
    return tr("Issuers NOT checked; signatures are mathematically right. --authorities DIR checks who issued them")
