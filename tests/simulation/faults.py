"""What can go wrong, by name; every kind is counted, and a run in which one never happened proves less."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """On the network, in the machines, in the registry, in HR, and at the operator's desk."""

    CONNECTION_REFUSED = "connection refused"
    REQUEST_LOST = "request lost"
    REQUEST_DELAYED = "request delayed past the timeout"
    REQUEST_DOUBLED = "request doubled"
    ANSWER_LOST = "answer lost"
    ANSWER_LATE = "answer after the timeout"
    ANSWER_REPLAYED = "an old answer repeated"
    ANSWER_OF_ANOTHER = "answer to another message"
    ANSWER_HTML = "HTML instead of an answer"
    ANSWER_CUT = "half an answer"
    ANSWER_UNKNOWN_SHAPE = "a success of unknown shape"
    ANSWER_UNSURE = "unknown error after registration"
    FAULT_BEFORE = "gateway fault before the service"
    FAULT_AFTER = "gateway fault, perhaps after the service"
    REFUSED_TODAY = "refused for today"
    OUTAGE = "outage of hours or days"
    CRASH = "crash of an agent"
    CRASH_IN_TRANSACTION = "crash inside a transaction"
    CRASH_WHILE_SENDING = "crash while the answer is awaited"
    PAUSE = "agent paused past its lease"
    CLOCK_AHEAD = "clock jumps ahead"
    CLOCK_BACK = "clock jumps back"
    HR_AWAY = "HR database away"
    KEY_EXPIRED = "key expired"
    EMPLOYER_REFUSED = "the registry refuses an employer for a time"
    CORRECTED = "HR corrects an event"
    WITHDRAWN = "HR withdraws an event"
    WRONG_CONTENT = "HR enters what the registry refuses"
    ENTERED_LATE = "HR enters an event days after its signing"
    LATE_ROW = "a row commits late"
    PERSON_STOPS = "a person stops an employer"
    PERSON_HOLDS = "a person holds a submission"
    PERSON_HURRIES = "a person has something sent again at once"
    PERSON_CHECKS_OUT = "a person enters an event in the portal"
