"""Key files of the NCA.

Source: USREC code SCSE001 (an AUTH key is refused).
"""

from __future__ import annotations

from pathlib import Path

from kzeds.errors import DamagedKeyFileError, UnknownKeyAlgorithmError, WrongPasswordError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from usrec.adapters.signing.faults import KeyFault, KeyUnusableError
from usrec.domain.secret import Secret


def load_key(file: Path, password: Secret) -> SigningKey:
    """Read a key file and check that its key may sign.

    Raises:
        KeyUnusableError: It cannot be used; names the file and what to do.
    """
    try:
        key = load_pkcs12(file.read_bytes(), password.reveal())
    except OSError as error:
        what = f"the key file cannot be read ({error.strerror})"
        raise _unusable(KeyFault.UNREADABLE, file, what, "Check its path and permissions") from None
    except WrongPasswordError:
        what = "the password does not open the key file"
        raise _unusable(KeyFault.WRONG_PASSWORD, file, what, "Correct the key's password file") from None
    except DamagedKeyFileError as error:
        what = f"the key file is damaged: {error}"
        raise _unusable(KeyFault.DAMAGED, file, what, "Copy it again from where the NCA gave it") from None
    except UnknownKeyAlgorithmError as error:
        what = f"the key cannot be used: {error}"
        advice = "Use a key of GOST 34.310-2015 with 512 bit, of GOST 34.310-2004 or of RSA, as the NCA issues them"
        raise _unusable(KeyFault.UNKNOWN_ALGORITHM, file, what, advice) from None
    if not key.certificate.may_sign:
        what = "this is an AUTH key: it may log in, not sign (USREC would refuse it: SCSE001)"
        raise _unusable(KeyFault.AUTH, file, what, "Use the SIGN key that the NCA issued together with it")
    return key


def _unusable(fault: KeyFault, file: Path, what: str, advice: str) -> KeyUnusableError:
    return KeyUnusableError(fault, what, where=str(file), next_step=advice)
