"""What a message can ask for, and which generation of clients it comes from."""

from enum import StrEnum


class Profile(StrEnum):
    """Which generation of clients the registry expects."""

    CURRENT = "current"
    SEEN = "seen"


class Operation(StrEnum):
    """What a message asks the registry to do."""

    CONCLUSION = "conclusion"
    AMENDMENT = "amendment"
    TERMINATION = "termination"
    CONTRACT_EDIT = "contract_edit"
    CONTRACT_DELETE = "contract_delete"
    AMENDMENT_EDIT = "amendment_edit"
    AMENDMENT_DELETE = "amendment_delete"
    REINSTATEMENT = "reinstatement"
    EXTENSION = "extension"
    SOCIAL_LEAVE = "social_leave"
    SOCIAL_LEAVE_EDIT = "social_leave_edit"
    SOCIAL_LEAVE_DELETE = "social_leave_delete"
    LEGACY_CONTRACT = "legacy_contract"
    IIN_CHANGE = "iin_change"
    BIN_CHANGE = "bin_change"
    TRANSFER = "transfer"
