"""From a submission to a contractRequest document."""

from __future__ import annotations

from typing import Protocol

from usrec.domain.document import Attachment
from usrec.domain.message import RenderedMessage
from usrec.domain.submission import Submission


class Renderer(Protocol):
    """Makes documents that obey the schema of the wire profile."""

    @property
    def supplies_record_id(self) -> bool:
        """Whether the profile carries a record id of ours."""
        ...

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        """The document for ``submission``.

        Raises:
            ValidationProblem: The document breaks the schema or the 100 KB cap (code 999); names the field.
        """
        ...
