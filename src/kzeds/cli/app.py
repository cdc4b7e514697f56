"""The `kzeds` command: where its commands come together, and how it ends.

Exit codes: 0 done or valid; 1 not valid, or refused (wrong password, damaged key file, AUTH key, expired certificate,
document that cannot be signed); 2 cannot tell (file that cannot be read, algorithm that is not built in, no
certificate) or wrong usage; 70 an error of the program itself. Passwords are never arguments, which show in process
lists.

Whatever needs lxml or cryptography is imported inside the commands, so
that `kzeds --help` starts at once.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kzeds.cli.bundle import verify_bundle
from kzeds.cli.keys import (
    Json,
    KeyFile,
    PasswordFile,
    certificate_fields,
    describe,
    load_key,
    now,
    require_other_file,
)
from kzeds.cli.output import CANNOT_TELL, INTERNAL_ERROR, REFUSED, show
from kzeds.cli.package import show_package, sign_package
from kzeds.cli.pkcs11 import app as pkcs11_app
from kzeds.cli.revocation import app as revocation_app
from kzeds.cli.sign import sign
from kzeds.cli.signer_daemon import app as signer_daemon_app
from kzeds.cli.verify import verify
from kzeds.errors import CertificateMissingError, KzedsError, UnknownKeyAlgorithmError
from kzeds.files import write_atomically
from kzeds.visible import show_controls

app = typer.Typer(
    help="Kazakhstan's EDS: look at a key, sign, verify, revocation, signing packages, test PKI.",
    epilog="Exit codes: 0 done or valid, 1 not valid or refused, 2 cannot tell or wrong usage, 70 internal error.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
app.add_typer(pkcs11_app, name="pkcs11")
app.add_typer(revocation_app, name="revocation")
app.add_typer(signer_daemon_app, name="signer-daemon")


def main() -> None:
    """Run the command and turn every failure into one clear line and an exit code."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="kzeds")
    except (CertificateMissingError, UnknownKeyAlgorithmError) as error:
        _fail(str(error), CANNOT_TELL)
    except KzedsError as error:
        _fail(str(error), REFUSED)
    except OSError as error:
        _fail(describe(error), CANNOT_TELL)
    except Exception as error:  # noqa: BLE001 - the outermost frame: anything unforeseen must exit 70
        _fail(_internal(error), INTERNAL_ERROR)


@app.command()
def info(
    key: KeyFile,
    password_file: PasswordFile,
    *,
    certificate_to: Annotated[
        Path | None, typer.Option("--certificate", metavar="OUT", help="Write its certificate there, too (PEM).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show whose key it is, what it may do and until when."""
    require_other_file(certificate_to, {"the key": key, "its password": password_file}, option="--certificate")
    certificate = load_key(key, password_file).certificate
    if certificate_to is not None:
        import ssl

        write_atomically(certificate_to, ssl.DER_cert_to_PEM_cert(certificate.der).encode())
    show({"file": str(key), **certificate_fields(certificate, now())}, as_json=as_json)


app.command()(sign)
app.command()(verify)
app.command("verify-bundle")(verify_bundle)
app.command("sign-package")(sign_package)
app.command("show-package")(show_package)


@app.command("test-pki")
def pki_for_tests(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty directory.")],
    employer_bin: Annotated[str | None, typer.Option("--bin", metavar="BIN", help="Employer's BIN, 12 digits.")] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help="Employer's name.")] = None,
    kind: Annotated[str, typer.Option("--keys", metavar="KIND", help="gost2015, gost2004 or rsa.")] = "gost2015",
    server_name: Annotated[
        list[str] | None,
        typer.Option("--server-name", metavar="HOST", help="Further host name of the TLS server; may be repeated."),
    ] = None,
) -> None:
    """Make keys and certificates for tests and demonstrations. In the NCA's profile; nobody may trust them."""
    from kzeds.test_pki import EMPLOYER_BIN, ORGANISATION, KeyKind, make_test_pki

    if kind not in set(KeyKind):
        raise typer.BadParameter(f"one of {', '.join(KeyKind)} is expected", param_hint="--keys")
    pki = make_test_pki(
        directory,
        now=now(),
        kind=KeyKind(kind),
        employer_bin=EMPLOYER_BIN if employer_bin is None else employer_bin,
        organisation=ORGANISATION if organisation is None else organisation,
        server_names=server_name or (),
    )
    typer.echo(f"test PKI made in {pki.directory}; its passwords lie in the *.password files")


@app.command("test-servers")
def servers_for_tests(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made by kzeds test-pki.")],
    port: Annotated[
        int, typer.Option("--port", metavar="P", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 8479,
) -> None:
    """Answer OCSP, time stamps and lists for a test PKI. On this machine alone, until it is interrupted."""
    from kzeds.test_servers import TestServers

    with TestServers(directory, clock=now, port=port) as servers:
        show(
            {"OCSP": servers.ocsp, "time_stamps": servers.tsp, "list": servers.crl, "delta": servers.delta_crl},
            as_json=False,
        )
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            servers.wait()


def _internal(error: Exception) -> str:
    """Say where the program failed, without the error's own text, which may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
    return f"internal error {type(error).__name__} at {place}; no file was changed. Please report it."


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"kzeds: {show_controls(message)}", err=True)
    raise SystemExit(code)
