"""What the registry checks in a verified record, and with which code it refuses.

Source: the public response dictionary (which condition has which code) and the order of the real service as far as it
shows: id of the record first, then fields in the order of the message, then what is already registered. One code per
answer, so the first failing rule wins. Rules of inactive codes (013, 016, 017, 019, 020, ...) are left out.
"""

from usrec_simulator.rules.book import DeadlinePolicy, Demand, RegistryView, RuleBook, Verdict
from usrec_simulator.rules.forms import valid_iin
from usrec_simulator.rules.judgement import judge

__all__ = ["DeadlinePolicy", "Demand", "RegistryView", "RuleBook", "Verdict", "judge", "valid_iin"]
