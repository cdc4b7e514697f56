"""`kzeds verify-bundle`: whether a signed bundle of files is as it was signed, whatever the files mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kzeds.cli.keys import Json, certificate_fields, describe, now
from kzeds.cli.output import CANNOT_TELL, REFUSED, show
from kzeds.errors import BundleFilesError, DamagedBundleError, IndeterminateError, KzedsError

if TYPE_CHECKING:
    from kzeds.bundle.verifying import VerifiedBundle


def verify_bundle(
    file: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Bundle (ZIP with a signed manifest).")],
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="DIR", help="Authorities (PEM or DER) to judge the signer by.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Check that a bundle is whole, and who signed it. No byte was changed, no file is missing and none was added."""
    from kzeds.bundle.verifying import verify_bundle as verify
    from kzeds.trust import load_authorities

    report: dict[str, Any] = {"valid": False, "result": "passed", "file": str(file)}
    code = 0
    try:
        authorities = None if trust is None else load_authorities(trust)
        report |= {"valid": True, **bundle_fields(verify(file, authorities=authorities, at=now()))}
    except (IndeterminateError, OSError) as error:
        code = CANNOT_TELL
        report |= {"result": "indeterminate", "error": type(error).__name__, "reason": describe(error)}
    except KzedsError as error:
        code = REFUSED
        report |= {"result": "failed", "error": type(error).__name__, "reason": str(error), **_named(error)}
    show(report, as_json=as_json)
    raise typer.Exit(code)


def bundle_fields(verified: VerifiedBundle) -> dict[str, Any]:
    """What is told of a bundle that is whole."""
    said, chain = verified.signing_time, verified.chain
    stamp = "not judged" if verified.has_stamp else None
    return {
        "format": str(verified.fields.get("format", "")),
        "files": verified.files,
        "signing_time": None if said is None else said.isoformat(),
        "timestamp": stamp if verified.stamped_at is None else verified.stamped_at.isoformat(),
        "chain": f"trusted, {len(chain)} certificates" if chain else "issuer not checked",
        "certificate": certificate_fields(verified.signer, now()),
    }


def _named(error: KzedsError) -> dict[str, list[str]]:
    """The files that are not as they were, by what became of them."""
    if isinstance(error, DamagedBundleError) and error.name is not None:
        return {"changed": [error.name]}
    named: dict[str, list[str]] = {}
    if isinstance(error, BundleFilesError):
        for fault in error.faults:
            named.setdefault(str(fault.kind), []).append(fault.name)
    return named
