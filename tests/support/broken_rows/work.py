"""Place and time of work, an agreement without content, the mark of digitalisation, the parties' numbers."""

from __future__ import annotations

from support.sound_rows import BIN, IIN, BrokenRow
from usrec.domain.source_event import Operation

WORK: tuple[BrokenRow, ...] = (
    BrokenRow("SCSE105", "kato_required_in_kazakhstan", Operation.CONCLUSION, {"kato_code": None}),
    BrokenRow("SCSE108", "kato_only_in_kazakhstan", Operation.CONCLUSION, {"country_code": "643"}),
    BrokenRow("SCSE074", "tariff_rate_needs_working_hours", Operation.AMENDMENT, {"tariff_rate": "0.5"}),
    BrokenRow(
        "SCSE076",
        "tariff_rate_forbidden_by_mode",
        Operation.AMENDMENT,
        {"tariff_rate": "0.5", "working_hours_code": "1"},
    ),
    BrokenRow("SCSE077", "tariff_rate_required_by_mode", Operation.CONCLUSION, {"working_hours_code": "3"}),
    BrokenRow(
        "SCSE078", "tariff_rate_in_range", Operation.AMENDMENT, {"tariff_rate": "1.5", "working_hours_code": "3"}
    ),
    *(
        BrokenRow("SCSE080", "amendment_changes_something", one, {"position_code": None, "established_post": None})
        for one in (Operation.AMENDMENT, Operation.AMENDMENT_EDIT)
    ),
    BrokenRow("SCSE056", "digitalisation_needs_staff_cut", Operation.TERMINATION, {"digitalisation": "true"}),
    BrokenRow("SCSE255", "employer_type_fits_number", Operation.CONCLUSION, {"employer_type_code": "2"}),
    BrokenRow("SCSE117", "new_iin_differs", Operation.IIN_CHANGE, {"new_employee_iin": IIN}),
    BrokenRow("SCSE118", "new_bin_differs", Operation.BIN_CHANGE, {"new_employer_bin": BIN}),
    BrokenRow("SCSE118", "new_bin_differs", Operation.TRANSFER, {"new_employer_bin": BIN}),
)
