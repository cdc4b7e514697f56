"""What the owner of a key reads in their own language.

kzeds stands alone, so its few sentences for people are one typed table: a language that lacks one does not pass the
type checker. Reports, JSON, `--help` and the errors of every other command are English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kzeds import errors
from kzeds.kazakhstan_time import KAZAKHSTAN

_ORDER = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one language; {braces} are filled in."""

    heading: str
    package: str
    signer: str
    made: str
    documents: str
    due: str
    summary: str
    content: str
    warning: str
    how_to: str
    ask_count: str
    ask_item: str
    yes: frozenset[str]
    ask_password: str
    wrong_password: str
    done: str
    nothing_signed: str
    refusals: Mapping[type[Exception], str] = field(repr=False)


TEXTS: Mapping[str, Texts] = {
    "kk": Texts(
        heading="Қол қойылатын құжаттар",
        package="Пакет",
        signer="Қол қоюшының БСН/ЖСН",
        made="Жасалған уақыты",
        documents="Құжаттар саны",
        due="Мерзімі аяқталады",
        summary="Қысқаша мазмұны (пакетті жасаушыдан)",
        content="Құжаттың өзінде жазылғаны",
        warning="Сіз құжаттың өзінде жазылғанға қол қоясыз. Ол қысқаша мазмұннан өзгеше болса, қол қоймаңыз және "
        "пакетті жіберген адамға хабарласыңыз.",
        how_to="Өз компьютеріңізде қол қойыңыз: «{command}», немесе payloads қалтасындағы әр файлға NCALayer арқылы "
        "XML қолтаңбасын қойыңыз. ЭЦҚ кілтін және құпия сөзді ешкімге бермеңіз.",
        ask_count="Барлығына қол қою үшін құжаттар санын ({count}) теріңіз; бас тарту үшін Enter басыңыз: ",
        ask_item="Осы құжатқа қол қоясыз ба? (иә/жоқ): ",
        yes=frozenset({"иә", "ия", "и"}),
        ask_password="ЭЦҚ кілтінің құпия сөзі: ",  # noqa: S106 - the question, not the answer
        wrong_password="Құпия сөз қате.",  # noqa: S106 - same
        done="Қол қойылды: {count}. «{file}» файлын пакетті жіберген адамға қайтарыңыз.",
        nothing_signed="Ештеңеге қол қойылған жоқ, файл жазылған жоқ.",
        refusals={
            errors.WrongPasswordError: "Құпия сөз қате.",
            errors.DamagedKeyFileError: "Бұл ЭЦҚ кілтінің файлы емес немесе файл бүлінген.",
            errors.KeyMayNotSignError: "Бұл кілт тек жүйеге кіруге арналған (AUTH). Қол қою кілтін таңдаңыз.",
            errors.CertificateExpiredError: "ЭЦҚ мерзімі өтіп кеткен. Жаңа кілт алыңыз.",
            errors.CertificateNotYetValidError: "ЭЦҚ мерзімі әлі басталған жоқ.",
            errors.WrongSignerError: "Бұл кілт пакет арналған қол қоюшыныкі емес (БСН/ЖСН сәйкес келмейді).",
            errors.UnknownPackageVersionError: "Пакет жаңарақ нұсқада жасалған. kzeds бағдарламасын жаңартыңыз.",
            errors.DamagedPackageError: "Бұл қол қою пакеті емес немесе ол жолда бүлінген. Оны қайта сұраңыз.",
            errors.UnknownKeyAlgorithmError: "Бұл түрдегі кілтке қолдау көрсетілмейді. Файлдарға NCALayer арқылы қол "
            "қойыңыз.",
            FileNotFoundError: "Көрсетілген файл табылмады. Жолын тексеріңіз.",
            PermissionError: "Файлға қатынасуға рұқсат жоқ.",
        },
    ),
    "ru": Texts(
        heading="Документы на подпись",
        package="Пакет",
        signer="БИН/ИИН подписанта",
        made="Составлен",
        documents="Документов",
        due="Срок истекает",
        summary="Кратко (от составителя пакета)",
        content="Что написано в самом документе",
        warning="Вы подписываете то, что написано в самом документе. Если это расходится с кратким описанием, не "
        "подписывайте и свяжитесь с тем, кто прислал пакет.",
        how_to="Подпишите на своём компьютере: «{command}», или подпишите каждый файл из папки payloads через NCALayer "
        "в формате XML. Никому не передавайте ключ ЭЦП и пароль.",
        ask_count="Чтобы подписать все, введите число документов ({count}); чтобы отказаться, нажмите Enter: ",
        ask_item="Подписать этот документ? (да/нет): ",
        yes=frozenset({"да", "д"}),
        ask_password="Пароль от ключа ЭЦП: ",  # noqa: S106 - the question, not the answer
        wrong_password="Неверный пароль.",  # noqa: S106 - same
        done="Подписано: {count}. Верните файл «{file}» тому, кто прислал пакет.",
        nothing_signed="Ничего не подписано, файл не записан.",
        refusals={
            errors.WrongPasswordError: "Неверный пароль.",
            errors.DamagedKeyFileError: "Это не файл ключа ЭЦП, или файл повреждён.",
            errors.KeyMayNotSignError: "Этот ключ только для входа (AUTH). Выберите ключ для подписи.",
            errors.CertificateExpiredError: "Срок действия ЭЦП истёк. Получите новый ключ.",
            errors.CertificateNotYetValidError: "Срок действия ЭЦП ещё не начался.",
            errors.WrongSignerError: "Этот ключ не того подписанта, для которого пакет (БИН/ИИН не совпадает).",
            errors.UnknownPackageVersionError: "Пакет составлен более новой версией. Обновите kzeds.",
            errors.DamagedPackageError: "Это не пакет на подпись, или он повреждён в пути. Запросите его заново.",
            errors.UnknownKeyAlgorithmError: "Ключи такого вида не поддерживаются. Подпишите файлы через NCALayer.",
            FileNotFoundError: "Указанный файл не найден. Проверьте путь к нему.",
            PermissionError: "Нет доступа к файлу.",
        },
    ),
    "en": Texts(
        heading="Documents to sign",
        package="Package",
        signer="Signer's BIN/IIN",
        made="Made",
        documents="Documents",
        due="Due before",
        summary="In short (by the maker of the package)",
        content="What the document itself says",
        warning="You sign what the document itself says. If the summary says something else, do not sign, and speak to "
        "whoever sent you the package.",
        how_to='Sign on your own computer: "{command}", or sign each file of the folder payloads as XML with NCALayer. '
        "Give your EDS key and its password to nobody.",
        ask_count="To sign all, type how many documents there are ({count}); to refuse, press Enter: ",
        ask_item="Sign this document? (yes/no): ",
        yes=frozenset({"yes", "y"}),
        ask_password="Password of the EDS key: ",  # noqa: S106 - the question, not the answer
        wrong_password="The password is wrong.",  # noqa: S106 - same
        done='Signed: {count}. Return the file "{file}" to whoever sent you the package.',
        nothing_signed="Nothing was signed and no file was written.",
        refusals={},
    ),
}
"""By language code."""


def in_order(languages: Iterable[str]) -> list[str]:
    """Language codes, Kazakh first, then Russian, then English, then the rest."""
    return sorted(set(languages), key=lambda one: (_ORDER.index(one) if one in _ORDER else len(_ORDER), one))


def choose_language(wanted: str | None, offered: Iterable[str]) -> str:
    """The language to speak: the wanted one where there are texts for it, else the first of the package that has them.

    Args:
        wanted: A code or a locale's name ("ru", "kk_KZ.UTF-8"); None or "C" when nobody said.
        offered: Languages of the package.
    """
    code = (wanted or "").lower()[:2]
    if code in TEXTS:
        return code
    return next((one for one in in_order(offered) if one in TEXTS), "en")


def text_in(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, or in the first that there is."""
    return texts.get(language) or texts[in_order(texts)[0]]


def local_time(moment: datetime) -> str:
    """A time as people in Kazakhstan write it; one zone since 1 March 2024."""
    return f"{moment.astimezone(KAZAKHSTAN):%d.%m.%Y %H:%M} (UTC+5)"
