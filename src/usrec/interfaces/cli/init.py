"""``usrec init``: a settings file to begin with. What exists is never written over."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from usrec.interfaces.cli.options import Language
from usrec.interfaces.i18n import tr

_Path = Annotated[Path | None, typer.Argument(help="Where to; default $USREC_CONFIG, then ./usrec.toml.")]
_GatewayUrl = Annotated[str | None, typer.Option(metavar="URL", help="Address of ShEP's SyncChannel.")]
_SenderId = Annotated[str | None, typer.Option(metavar="ID", help="Our id as a participant of ShEP.")]
_SenderPasswordFile = Annotated[Path | None, typer.Option(metavar="FILE", help="File with the participant's password.")]
_ResponseCertificate = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Certificate that ShEP signs its answers with.")
]
_CaFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Authorities to trust for TLS with ShEP.")]
_EmployerName = Annotated[str, typer.Option(metavar="NAME", help="What lists call the employer.")]
_Bin = Annotated[str | None, typer.Option("--bin", metavar="BIN", help="The employer's BIN.")]
_KeyFile = Annotated[Path | None, typer.Option(metavar="FILE", help="The employer's key for signing, PKCS#12.")]
_KeyPasswordFile = Annotated[Path | None, typer.Option(metavar="FILE", help="File with the key's password.")]
_LedgerUrl = Annotated[str | None, typer.Option(metavar="URL", help="Address of the agent's own database.")]
_SourceName = Annotated[str, typer.Option(metavar="NAME", help="What the HR database is called, for ever.")]
_SourceUrl = Annotated[str | None, typer.Option(metavar="URL", help="Address of the HR database.")]
_Simulator = Annotated[bool, typer.Option("--simulator", help="Fill it for a simulator on this machine.")]
_Pki = Annotated[Path | None, typer.Option(metavar="DIR", help="Test keys for --simulator; made where there are none.")]
_Language = Annotated[
    Language | None, typer.Option(help="Language of the comments, of the alerts and of what HR reads.")
]


def init(
    path: _Path = None,
    *,
    gateway_url: _GatewayUrl = None,
    sender_id: _SenderId = None,
    sender_password_file: _SenderPasswordFile = None,
    response_certificate: _ResponseCertificate = None,
    ca_file: _CaFile = None,
    employer_name: _EmployerName = "main",
    bin_: _Bin = None,
    key_file: _KeyFile = None,
    key_password_file: _KeyPasswordFile = None,
    ledger_url: _LedgerUrl = None,
    source_name: _SourceName = "hr",
    source_url: _SourceUrl = None,
    simulator: _Simulator = False,
    pki: _Pki = None,
    language: _Language = None,
) -> None:
    """Write a commented usrec.toml with every setting there is. An existing file is never touched."""
    from usrec.interfaces.cli import settings_draft as draft
    from usrec.interfaces.cli.settings_file import settings_text
    from usrec.interfaces.i18n import use_language
    from usrec.settings import find_settings
    from usrec.settings.outline import NAME

    file = find_settings(path)
    draft.require_room(file)
    draft.require_no_password({"--ledger-url": ledger_url, "--source-url": source_url})
    values = draft.values_for_simulator(file, pki, bin_, gateway_url) if simulator else {}
    values |= draft.values_given(
        file,
        {
            ("gateway", "url"): gateway_url,
            ("gateway", "sender_id"): sender_id,
            ("gateway", "password"): sender_password_file,
            ("gateway", "response_certificate"): response_certificate,
            ("gateway", "ca_file"): ca_file,
            ("employer", NAME, "bin"): bin_,
            ("employer", NAME, "key_file"): key_file,
            ("employer", NAME, "key_password"): key_password_file,
            ("ledger", "url"): ledger_url,
            ("source", NAME, "url"): source_url,
            ("alerts", "language"): language,
            ("source", NAME, "language"): language,
        },
    )
    if language is not None:
        use_language(language)
    draft.write_new(file, settings_text(values, {"employer": employer_name, "source": source_name}))
    typer.echo(tr("{file} was written; only its owner may read it.").format(file=file))
    made = None if simulator else draft.make_secrets_folder(file)
    if made is not None:
        typer.echo(tr("{folder} was made for keys and passwords; only its owner may enter it.").format(folder=made))
    typer.echo("\n".join(_what_next(file, simulator=simulator)))


def _what_next(file: Path, *, simulator: bool) -> Iterator[str]:
    """The commands to type, which find this file."""
    named = "" if file == Path("usrec.toml").absolute() else f" --config {shlex.quote(str(file))}"
    yield tr("Next:")
    if not simulator:
        by_hand = tr("fill in what the file asks for, and save each password in a file of its own (chmod 600)")
        yield f"  {by_hand}"
    yield f"  usrec config check{named}"
    yield f"  usrec db upgrade{named}"
    yield f"  usrec doctor{named}"
    yield f"  usrec run{named}"
