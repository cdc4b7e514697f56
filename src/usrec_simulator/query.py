"""The assumed question of a client: does the registry hold the record that I gave this id?

No such operation of USREC is public. Everything here is [assumed], switched on by `--query` only, and written apart
from the agent's side. A question is a SendMessage whose document has the root `contractQuery` with `recordId` and
`bin`; it carries no signature of the employer, for it declares nothing. The answer is `contractQueryResponse`, with one
`record` when there is such a record of that employer, and empty when there is none.
"""

from dataclasses import dataclass

from lxml import etree

from kzeds.errors import KzedsError
from kzeds.xml import Element, parse
from usrec_simulator.business import NAMESPACE
from usrec_simulator.errors import MessageFormError

_QUESTION = f"{{{NAMESPACE}}}contractQuery"
_ANSWER = f"{{{NAMESPACE}}}contractQueryResponse"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    record_id: str
    employer: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the registry holds under an id; what it does not know is None."""

    operation: str
    record_id: str
    contract_id: str | None
    employer: str
    employee: str | None
    number: str | None
    date: str


def question_in(data: bytes) -> Element | None:
    """Return the question that a document is, None when it is something else."""
    try:
        root = parse(data, what="document")
    except KzedsError:
        return None
    return root if is_question(root) else None


def is_question(root: Element) -> bool:
    """Tell whether a document is a question."""
    return bool(root.tag == _QUESTION)


def read_question(root: Element) -> Question:
    """Read a question.

    Raises:
        MessageFormError: It holds something else than an id and a BIN.
    """
    if [child.tag for child in root] != ["recordId", "bin"]:
        raise MessageFormError("a question holds recordId and bin")
    record_id, employer = ((child.text or "").strip() for child in root)
    if not record_id or not employer:
        raise MessageFormError("a question names a record and an employer")
    return Question(record_id, employer)


def render_entry(entry: Entry | None) -> str:
    """Write the answer's document."""
    root = etree.Element(_ANSWER, nsmap={"con": NAMESPACE})
    if entry is not None:
        record = etree.SubElement(root, "record")
        for name, text in (
            ("operation", entry.operation),
            ("recordId", entry.record_id),
            ("contractId", entry.contract_id),
            ("bin", entry.employer),
            ("iin", entry.employee),
            ("number", entry.number),
            ("date", entry.date),
        ):
            if text:
                etree.SubElement(record, name).text = text
    return etree.tostring(root, encoding="unicode")


def of_another(data: str | None) -> str | None:
    """Return an answer with another day in it, as if the id stood for something else (a scripted fault)."""
    return (
        None
        if data is None
        else data.replace("<date>", "<date>1999-12-31</date><was>").replace("</date></record>", "</was></record>")
    )
