"""A small staff as 1C gives it: an export of JSON lines, and the sets of its OData service."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from support.hr_products import ADDRESS, BIN, IIN
from support.staff_look import AGREEMENT, DEPARTMENT, look_at
from usrec.adapters.sources.mapping.ready import ready_mapping
from usrec.domain.snapshot.staff import Look

KEYS_1C: Final = ("6fa459ea-ee8a-3ca4-894e-db77e1603557", "6fa459ea-ee8a-3ca4-894e-db77e1603558")


class Export:
    """A folder into which 1C writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "staff.jsonl"
        self.rows = [
            self.row(
                "ТД-7", "2026-11-16T00:00:00", "2026-11-17", "18.11.2026", "Талдаушы", "2511-2-001", *AGREEMENT.values()
            ),
            self.row("ТД-8", "2024-02-28", "0001-01-01T00:00:00", "2024-02-29", "Developer", "2512-0-001"),
        ]
        self.rows[1] |= {"ДатаУвольнения": "2026-11-20T00:00:00", "КодОснованияУвольнения": "05"}

    def row(
        self, number: str, dated: str, signed: str, begins: str, post: str, nkz: str, *agreement: str
    ) -> dict[str, Any]:
        """One contract, in the names of the mapping."""
        of_agreement = ["ДСНомер", "ДСДата", "ДСДатаПодписания", "ДСДатаНачала"]
        return {
            "КлючДоговора": f"6fa459ea-ee8a-3ca4-894e-db77e160355{number[-1]}",
            "БИН": int(BIN),
            "ИИН": IIN,
            "Подразделение": DEPARTMENT if agreement else None,
            "Должность": post,
            "КодНКЗ": nkz,
            "ВидСрока": "бессрочный",
            "ТрудовойДоговорНомер": number,
            "ТрудовойДоговорДата": dated,
            "ДатаПодписания": signed,
            "ДатаПриема": begins,
            "ДатаЗавершенияТрудовогоДоговора": "0001-01-01T00:00:00",
            "ОтношениеКВоинскойСлужбе": "1",
            "МестоРаботы": ADDRESS,
            **dict(zip(of_agreement, agreement or ["", "0001-01-01T00:00:00", None, None], strict=True)),
            "ДатаУвольнения": "0001-01-01T00:00:00",
            "КодОснованияУвольнения": None,
        }

    def write(self, count: int | None = None) -> None:
        lines = [*self.rows, {"_rows": len(self.rows) if count is None else count}]
        self.file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), "utf-8")
        self.touch(datetime.now(UTC))

    def touch(self, at: datetime) -> None:
        os.utime(self.file, (at.timestamp(), at.timestamp()))

    def look(self, mapping: str = "") -> Look:
        return look_at(self.folder, f"file://{self.folder}", mapping or ready_mapping("1c-jsonl"))


def _attributes(**values: str) -> list[dict[str, str]]:
    keys = {"signed": "a1", "term": "a2", "conscript": "a3", "place": "a4", "nkz": "a5", "number": "a6", "dated": "a7"}
    keys |= {"ds_signed": "a8", "reason": "a9"}
    return [{"Ref_Key": "-", "Свойство_Key": keys[name], "Значение": value} for name, value in values.items()]


def sets_of_1c() -> dict[str, list[dict[str, Any]]]:
    """Two contracts, of which one had another post before, and of which one has ended."""
    nothing = "0001-01-01T00:00:00"
    titles = ["дата подписания", "срок", "воинская служба", "место работы", "код НКЗ", "номер ДС", "дата ДС"]
    titles += ["дата подписания ДС", "код основания"]
    usual = {"term": "Бессрочный", "conscript": "1", "place": ADDRESS}

    def hire(number: int, dated: str, begins: str, post: str, **values: str) -> dict[str, Any]:
        return {
            "Ref_Key": KEYS_1C[number - 7],
            "Организация_Key": "o",
            "Сотрудник_Key": f"s{number}",
            "ФизическоеЛицо_Key": f"p{number}",
            "Подразделение_Key": "00000000-0000-0000-0000-000000000000",
            "Должность_Key": post,
            "ДатаПриема": f"{begins}T00:00:00",
            "ТрудовойДоговорНомер": f"ТД-{number}",
            "ТрудовойДоговорДата": f"{dated}T00:00:00",
            "ДатаЗавершенияТрудовогоДоговора": nothing,
            "DeletionMark": False,
            "ДополнительныеРеквизиты": _attributes(**usual, **values),
        }

    transfer = {
        "Ref_Key": "t",
        "Сотрудник_Key": "s7",
        "Подразделение_Key": "u3",
        "Должность_Key": "d1",
        "ДатаНачала": "2026-11-20T00:00:00",
        "ДополнительныеРеквизиты": _attributes(number="ДС-1", dated="2026-11-19T00:00:00", ds_signed="2026-11-20"),
    }
    deleted = {**hire(8, "2020-01-01", "2020-01-01", "d2"), "Ref_Key": "deleted", "DeletionMark": True}
    dismissal = {
        "Ref_Key": "u",
        "Сотрудник_Key": "s8",
        "ДатаУвольнения": "2026-11-20T00:00:00",
        "ДополнительныеРеквизиты": _attributes(reason="05"),
    }
    return {
        "Document_ПриемНаРаботу": [
            hire(7, "2026-11-16", "2026-11-18", "d2", signed="2026-11-17T00:00:00"),
            hire(8, "2024-02-28", "2024-02-29", "d2"),
            deleted,
        ],
        "Document_КадровыйПеревод": [transfer],
        "Document_Увольнение": [dismissal],
        "Catalog_ФизическиеЛица": [{"Ref_Key": f"p{one}", "ИдентификационныйКодЛичности": IIN} for one in (7, 8)],
        "Catalog_Организации": [{"Ref_Key": "o", "ИдентификационныйНомер": BIN}],
        "Catalog_Должности": [
            {"Ref_Key": "d1", "Description": "Талдаушы", "ДополнительныеРеквизиты": _attributes(nkz="2511-2-001")},
            {"Ref_Key": "d2", "Description": "Developer", "ДополнительныеРеквизиты": _attributes(nkz="2512-0-001")},
        ],
        "Catalog_ПодразделенияОрганизаций": [{"Ref_Key": "u3", "Description": DEPARTMENT}],
        "ChartOfCharacteristicTypes_ДополнительныеРеквизитыИСведения": [
            {"Ref_Key": f"a{number}", "Description": f"ЕСУТД: {title}"} for number, title in enumerate(titles, 1)
        ],
    }
