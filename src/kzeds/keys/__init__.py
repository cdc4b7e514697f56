"""Private keys: where they come from, and the one object that signs with them."""

from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey

__all__ = ["SigningKey", "load_pkcs12"]
