"""Errors of the simulator.

    SimulatorError                 base
    +-- ConfigurationError         a file or an option is wrong; says which and where
    |   +-- FaultScriptError       the fault script has an unknown kind, key or value
    |   +-- SeedError              the history file has a wrong record
    |   +-- MaterialError          the PKI directory lacks a file or holds a wrong one
    +-- MessageFormError           a received message has the wrong form; becomes fault SCE001
    +-- FaultError                 the gateway stops the message: a SOAP fault with this code
    +-- RefusalError               the registry refuses: a status answer with this code

None of them ever carries a body, a name, an IIN or a password.
"""


class SimulatorError(Exception):
    """Base of everything that the simulator raises on purpose."""


class ConfigurationError(SimulatorError):
    """The simulator was started with something that it cannot use."""


class FaultScriptError(ConfigurationError):
    """The fault script is wrong; the message names the rule and the key."""


class SeedError(ConfigurationError):
    """The history file is wrong; nothing of it was registered."""


class MaterialError(ConfigurationError):
    """A key, certificate or password file of the PKI directory cannot be used."""


class MessageFormError(SimulatorError):
    """A message does not have the form of the interface; the text names the element."""


class FaultError(SimulatorError):
    """The message does not reach the registry; the answer is a SOAP fault."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class RefusalError(SimulatorError):
    """The message is refused by a status code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
