"""The review files that a mapping file names: each is read once, whole."""

from __future__ import annotations

from pathlib import Path

from usrec.adapters.sources.mapping.review_file import read_review, refused
from usrec.domain.mapping.review import ApprovedCodes, Review


class Reviews:
    """Review files by the path that the mapping file gives.

    Args:
        folder: Of the mapping file; paths are seen from there.
        missing_ok: A file that is not there yet has nothing approved.
    """

    def __init__(self, folder: Path, *, missing_ok: bool = False) -> None:
        self._folder = folder
        self._missing_ok = missing_ok
        self._read: dict[str, Review] = {}

    def codes(self, file: str, dictionary: str) -> ApprovedCodes:
        """What was approved in a file.

        Raises:
            ValidationProblem: It cannot be used, or is of another dictionary.
        """
        path = self._folder / file
        if self._missing_ok and not path.exists():
            return ApprovedCodes()
        review = self._read.get(file) or read_review(path)
        self._read[file] = review
        if review.dictionary != dictionary:
            raise refused(path, f"it holds codes of {review.dictionary}, and the field needs those of {dictionary}")
        return ApprovedCodes.of(review)
