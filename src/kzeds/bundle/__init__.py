"""Bundles: files in one ZIP, with a signed list of them, so that whoever gets it can tell whether a byte was changed.

The list, `manifest.json`, names every file with its size and SHA-256; `manifest.json.p7s` is a detached CMS signature
over it. What the files mean is the business of whoever made them: any other fields of the manifest are theirs.
"""

from kzeds.bundle.reading import BundleReader
from kzeds.bundle.verifying import VerifiedBundle, verify_bundle
from kzeds.bundle.writing import BundleWriter
from kzeds.errors import Fault, FaultKind

__all__ = ["BundleReader", "BundleWriter", "Fault", "FaultKind", "VerifiedBundle", "verify_bundle"]
