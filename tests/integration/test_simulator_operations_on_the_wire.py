"""Every operation over HTTPS, really signed: a contract's whole life, then messages against its rules."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from kzeds.certificate import Certificate
from kzeds.wsse import verify_body
from support.employer_messages import EmployerKeys
from support.registry_messages import CONTRACT_ID, OTHER_IIN, Counterexample, Sent
from support.simulator_process import SimulatorProcess
from usrec_simulator.operations import Operation

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}

LIFE = (
    Sent(Operation.CONCLUSION),
    Sent(Operation.CONTRACT_EDIT),
    Sent(Operation.AMENDMENT),
    Sent(Operation.AMENDMENT_EDIT),
    Sent(Operation.AMENDMENT_DELETE),
    Sent(Operation.SOCIAL_LEAVE),
    Sent(Operation.SOCIAL_LEAVE_EDIT),
    Sent(Operation.SOCIAL_LEAVE_DELETE),
    Sent(Operation.EXTENSION),
    Sent(Operation.TERMINATION),
    Sent(Operation.REINSTATEMENT),
    Sent(Operation.IIN_CHANGE),
    Sent(Operation.CONTRACT_DELETE, {"employee": OTHER_IIN}),
    Sent(Operation.LEGACY_CONTRACT),
    Sent(Operation.CONCLUSION, {"record_id": "b" * 32, "number": "18"}),
    Sent(Operation.BIN_CHANGE, {"contract_id": "b" * 32}),
    Sent(Operation.CONCLUSION, {"record_id": "t" * 32, "number": "19"}),
    Sent(Operation.TRANSFER, {"contract_id": "t" * 32}),
)

AGAINST = (
    Counterexample("SCSE086", Operation.CONCLUSION, {"record_id": CONTRACT_ID}),
    Counterexample("SCSE025", Operation.EXTENSION),
    Counterexample("SCSE097", Operation.AMENDMENT, {"contract_id": "t" * 32}),
    Counterexample("SCSE192", Operation.LEGACY_CONTRACT, {"permit_number": "A-1"}),
    Counterexample("SCSE134", Operation.SOCIAL_LEAVE_DELETE, {"contract_id": "t" * 32, "leave_id": None}),
)


def test_a_whole_life_is_registered_and_broken_rules_are_answered(tmp_path: Path, pki: Path) -> None:
    keys, gateway = EmployerKeys(pki), [Certificate.load(pki / "gateway.pem")]
    context = ssl.create_default_context(cafile=pki / "tls-ca.pem")
    with (
        SimulatorProcess.start(tmp_path / "r.db", pki) as simulator,
        httpx.Client(verify=context, headers=HEADERS, timeout=10) as client,
    ):
        answers = [
            verify_body(client.post(simulator.url, content=keys.request(document)).content, trusted=gateway).body
            for document in (*(one.document() for one in LIFE), *(one.document() for one in AGAINST))
        ]
        registered = simulator.registry()
    codes = [body.findtext(".//status/code") for body in answers]
    assert codes == ["SCSS001"] * len(LIFE) + [one.code for one in AGAINST]
    assert [row["operation"] for row in registered] == [one.operation for one in LIFE]
    assert {one.operation for one in LIFE} == set(Operation)
