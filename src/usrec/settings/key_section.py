"""Where a key is: a file, the signer daemon, NCANode, a token, or with its owner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from usrec.settings.kinds import Day, Seconds, SerialNumber
from usrec.settings.section import SecretSettings, Section


class SignerDaemonSettings(Section):
    """A key of the signer daemon on this machine (``kzeds signer-daemon``)."""

    socket: Path
    """Its Unix socket."""
    key: str
    """Name of the key in the daemon's settings."""


class NcanodeSettings(Section):
    """A key that NCANode signs with. Each request carries the key and its password: NCANode must be yours alone."""

    url: str
    """Its address; https, or plain http to this machine."""
    key_file: Path
    """PKCS#12 file of the NCA, for signing."""
    key_password: SecretSettings
    """Its password."""
    key_alias: str | None = None
    """Which key of the file, where it holds several."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    timeout: Seconds = timedelta(seconds=10)
    """For each phase of a request."""


class TokenSettings(Section):
    """A key in a PKCS#11 token. Needs the extra ``pkcs11``; ``kzeds pkcs11 probe`` shows what the token can do."""

    library: Path
    """The vendor's PKCS#11 library."""
    token: str
    """Label of the token."""
    key: str
    """Label of the key and of its certificate."""
    pin: SecretSettings
    """The user's PIN."""


class KeySettings(Section):
    """Where a key is: a file, the signer daemon, NCANode or a token; exactly one."""

    key_file: Path | None = None
    """PKCS#12 file of the NCA, for signing."""
    key_password: SecretSettings | None = None
    """Its password."""
    signer_daemon: SignerDaemonSettings | None = None
    """A key of the signer daemon on this machine."""
    ncanode: NcanodeSettings | None = None
    """A key that NCANode signs with."""
    token: TokenSettings | None = None
    """A key in a PKCS#11 token."""


class NextKeySettings(KeySettings):
    """The key that follows: put it in as soon as it is issued, while the one before still signs."""

    use_from: Day | None = None
    """First day on which it signs; as soon as its certificate is valid when absent."""


class OwnerSettings(Section):
    """The owner of the EDS signs on their own workstation; no key of theirs is on this machine."""

    certificate: SerialNumber | None = None
    """Serial number, hexadecimal, of the certificate whose signature is taken; any of the employer's if absent."""
    further_certificates: tuple[SerialNumber, ...] = ()
    """Others whose signatures are taken as well: the renewed one, a deputy's."""
