"""`usrec doctor` on what an installation decides beyond the law."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from support.patient import Patient, provokes
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import policy_check as say
from usrec.interfaces.doctor.policy_check import examine_policy


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))


def with_policy(patient: Patient, *changes: str) -> Patient:
    """An employer whose order names these changes."""
    policy = {"changes": list(changes), "order_number": "17", "order_dated": date(2026, 2, 2)}
    patient.tables["employer.main.registrable"] = policy
    return patient


@provokes(say.BY_DEFAULT)
@provokes(say.MASSES)
def test_defaults_are_said(patient: Patient) -> None:
    assert list(patient.says(examine_policy)) == ["policy.default", "policy.masses"]


@provokes(say.BY_ORDER)
def test_policy_of_ones_own_is_said_with_its_order(patient: Patient) -> None:
    said = with_policy(patient, "position", "place", "term", "begin_date").says(examine_policy)
    assert list(said) == ["policy.own", "policy.masses"]
    assert said["policy.own"].values["order"] == "17, 2026-02-02"


@provokes(say.LEAVES_OUT)
def test_policy_that_leaves_out_what_the_order_names_is_warned_of(patient: Patient) -> None:
    said = with_policy(patient, "position", "salary").says(examine_policy)
    assert said["policy.leaves_out"].values["changes"] == "begin_date, place, term"


@provokes(say.NEVER_HELD)
def test_terminations_that_are_never_held_are_warned_of(patient: Patient) -> None:
    patient.tables["mass"] = {"terminations": 0}
    assert list(patient.says(examine_policy)) == ["policy.default", "policy.never_held"]


@provokes(say.OWN_MASSES)
@provokes(say.OWN_NEVER_HELD)
def test_limits_of_an_employers_own_are_said_and_take_the_others_from_the_common_ones(patient: Patient) -> None:
    patient.tables["employer.main.mass"] = {"terminations": 200}
    said = patient.says(examine_policy)["policy.own_masses"].values
    assert (said["employer"], said["terminations"], said["amendments"]) == ("main", 200, 150)
    patient.tables["employer.main.mass"] = {"terminations": 0}
    assert "policy.own_never_held" in patient.says(examine_policy)


def test_a_limit_of_none_is_not_told_as_one_that_holds_every_change(patient: Patient) -> None:
    patient.tables["mass"] = {"amendments": 0}
    patient.tables["employer.main.mass"] = {"terminations": 200}
    told = patient.says(examine_policy)
    assert (told["policy.masses"].values["amendments"], told["policy.own_masses"].values["amendments"]) == ("∞", "∞")
