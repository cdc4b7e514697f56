"""A wire profile: the mapping and the XSD that belong together, in one folder.

Two profiles are shipped: ``current`` (the default; carries a record id of ours, its element is assumed) and ``seen``
(what clients of 2018-2019 sent). The official XSD replaces them without touching code: put it and a ``profile.toml``
into a folder and name the folder in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from lxml import etree

from kzeds.errors import MalformedXmlError
from kzeds.xml import parse
from usrec.adapters.rendering.mapping import ProfileMapping, read_mapping
from usrec.domain.errors import ConfigurationError

SHIPPED: Final = ("current", "seen")
_FILE: Final = "profile.toml"


@dataclass(frozen=True, slots=True)
class WireProfile:
    """A loaded profile.

    Attributes:
        schema: The compiled XSD. libxml2 keeps the errors of its last run in it: one thread at a time.
        where: Path of the ``profile.toml``, for messages.
    """

    mapping: ProfileMapping
    schema: etree.XMLSchema
    where: str

    @property
    def contract_id_path(self) -> str:
        """XPath of the contract id in the document that an answer carries."""
        return self.mapping.response.contract_id

    def assumed(self) -> tuple[str, ...]:
        """What the official XSD still has to confirm: statements first, then the elements that are marked so."""
        return self.mapping.assumed + self.mapping.assumed_elements()


def load_profile(choice: str) -> WireProfile:
    """Load a shipped profile by its name, or an operator's by its folder.

    Raises:
        ConfigurationError: There is no such profile, or its mapping or XSD cannot be used; names file and key.
    """
    folder = files("usrec") / "schemas" / "usrec" / choice if choice in SHIPPED else Path(choice)
    toml = folder / _FILE
    if not toml.is_file():
        raise ConfigurationError(
            f"the wire profile {choice!r} is neither shipped ({', '.join(SHIPPED)}) nor a folder with a {_FILE}",
            where="gateway.profile",
            next_step="Name a shipped profile, or the folder that holds profile.toml and its XSD",
        )
    mapping = read_mapping(_read(toml), where=str(toml))
    _require_node_set(mapping.response.contract_id, where=str(toml))
    return WireProfile(mapping, _compile(folder / mapping.schema, named_in=toml), str(toml))


def _read(file: Traversable) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the file cannot be read ({error.strerror})", where=str(file), next_step="Check its permissions"
        ) from None


def _compile(file: Traversable, *, named_in: Traversable) -> etree.XMLSchema:
    """The XSD; what it includes or imports by a relative name is looked up beside it."""
    if not file.is_file():
        raise ConfigurationError(
            f"schema: the XSD {file.name} is missing", where=str(named_in), next_step="Put it beside profile.toml"
        )
    try:
        root = parse(_read(file), what="the XSD")
        root.getroottree().docinfo.URL = str(file)
        return etree.XMLSchema(root.getroottree())
    except (MalformedXmlError, etree.XMLSchemaParseError) as error:
        raise ConfigurationError(
            f"the XSD cannot be used: {error}", where=str(file), next_step="Put the whole official XSD there again"
        ) from None


def _require_node_set(path: str, *, where: str) -> None:
    """Check an XPath on a document of one element: it has to compile, need no prefixes, and select nodes."""
    try:
        selected = etree.XPath(path)(etree.Element("any"))
    except etree.XPathError as error:
        raise ConfigurationError(f"response.contract_id is not an XPath 1.0: {error}", where=where) from None
    if not isinstance(selected, list):
        raise ConfigurationError("response.contract_id does not select elements", where=where)
