"""The bill of materials of a bundle, CycloneDX 1.6 in JSON: every wheel with its digest, licence and what it needs."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from bundle_licences import licence_of
from bundle_target import BundleError, Target
from bundle_wheels import OWN, Closure, Wheel

VERSION: Final = SchemaVersion.V1_6


def bill_of_materials(closure: Closure, target: Target, epoch: int) -> str:
    """The bill as JSON; the same for the same wheels and epoch.

    Args:
        epoch: Its date, seconds since 1970.

    Raises:
        BundleError: It is not what the schema asks for, or a licence is not decided about.
    """
    parts = {name: _component(wheel) for name, wheel in closure.wheels.items()}
    content = sha256("".join(wheel.digest for wheel in closure.wheels.values()).encode()).hexdigest()
    bom = Bom(
        serial_number=uuid5(NAMESPACE_OID, f"{content} {target.name} {epoch}"),
        metadata=BomMetaData(
            component=parts[OWN],
            timestamp=datetime.fromtimestamp(epoch, UTC),
            properties=[Property(name="usrec:target", value=target.name)],
        ),
        components=[part for name, part in parts.items() if name != OWN],
        dependencies=[_dependency(parts, name, closure.needs[name]) for name in parts],
    )
    text: str = make_outputter(bom, OutputFormat.JSON, VERSION).output_as_string(indent=2)
    problem = JsonStrictValidator(VERSION).validate_str(text)
    if problem is not None:
        raise BundleError(f"the bill of materials does not fit its schema: {str(problem).splitlines()[0]}")
    return text + "\n"


def _component(wheel: Wheel) -> Component:
    purl = PackageURL("pypi", name=wheel.name, version=wheel.version, qualifiers={"file_name": wheel.file.name})
    licence = licence_of(wheel)
    return Component(
        type=ComponentType.APPLICATION if wheel.name == OWN else ComponentType.LIBRARY,
        name=wheel.name,
        version=wheel.version,
        bom_ref=purl.to_string(),
        purl=purl,
        description=str(wheel.metadata["Summary"] or "") or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.digest)],
        licenses=[LicenseExpression(licence) if " " in licence else DisjunctiveLicense(id=licence)],
    )


def _dependency(parts: dict[str, Component], name: str, needs: frozenset[str]) -> Dependency:
    return Dependency(parts[name].bom_ref, [Dependency(parts[other].bom_ref) for other in sorted(needs)])
