"""Response codes that the simulator answers, with texts of our own.

Source of the numbers and their meaning: the public response dictionary of USREC (codes SCSS001, SCSEnnn) and the
provider faults of ShEP (SCE001-SCE909). The texts are ours, in Russian as the real service answers, and shorter
than 250 characters (limit of `status/message` in the SyncChannel types).
"""

from typing import Final

SUCCESS: Final = "SCSS001"
BAD_SIGNATURE: Final = "SCSE001"
UNKNOWN_ERROR: Final = "SCSE002"
NUMBER_EXISTS: Final = "SCSE014"
FOREIGN_EMPLOYER_KEY: Final = "SCSE046"
EMPTY_MESSAGE: Final = "SCSE138"
TOO_LARGE: Final = "SCSE999"

FORM_FAULT: Final = "SCE001"
SERVICE_FAULT: Final = "SCE004"
CERTIFICATE_FAULT: Final = "SCE005"
SIGNATURE_FAULT: Final = "SCE006"
UNSIGNED_FAULT: Final = "SCE007"
INTERNAL_FAULT: Final = "SCE909"
SENDER_FAULT: Final = "SBF-AD-1"
"""Seen in a client's list of gateway codes; that it means a refused sender is [assumed]."""

TEXTS: Final[dict[str, str]] = {
    SUCCESS: "Сведения приняты и зарегистрированы",
    BAD_SIGNATURE: "Подпись документа не принята: недействительна, сертификат не действует или ключ не для подписи",
    UNKNOWN_ERROR: "Сервис не смог обработать запрос",
    "SCSE003": "Не указан номер трудового договора",
    "SCSE004": "Не указана дата трудового договора",
    "SCSE005": "Не указана дата начала работы по договору",
    "SCSE006": "Не указана должность",
    "SCSE007": "Код должности не опознан",
    "SCSE009": "Не указан БИН/ИИН работодателя",
    "SCSE011": "Не указан ИИН работника",
    "SCSE012": "Работник с таким ИИН не числится в регистре лиц",
    NUMBER_EXISTS: "Договор с этим номером у работодателя уже есть",
    "SCSE015": "Не указан номер дополнительного соглашения",
    "SCSE018": "Не указана дата прекращения договора",
    "SCSE022": "Код основания прекращения не опознан",
    "SCSE023": "Не указана дата дополнительного соглашения",
    "SCSE024": "Не указано, с какой даты действует дополнительное соглашение",
    "SCSE025": "Договора с этим идентификатором нет",
    "SCSE026": "Не указан идентификатор договора",
    "SCSE029": "Не указана штатная должность",
    "SCSE043": "БИН работодателя неверен",
    "SCSE045": "ИИН неверен",
    FOREIGN_EMPLOYER_KEY: "Документ подписан ключом другого работодателя",
    "SCSE059": "Дата договора ещё не наступила",
    "SCSE062": "Дата дополнительного соглашения ещё не наступила",
    "SCSE063": "Дополнительное соглашение датировано раньше начала договора",
    "SCSE064": "Дополнительное соглашение датировано позже начала его действия",
    "SCSE066": "Дата прекращения договора ещё не наступила",
    "SCSE067": "Прекращение датировано раньше начала договора",
    "SCSE070": "Дополнительное соглашение с этими номером и датой к договору уже есть",
    "SCSE080": "Дополнительное соглашение ничего не меняет",
    "SCSE086": "Идентификатор записи уже занят",
    "SCSE087": "Идентификатор записи должен состоять из 32-45 латинских букв, цифр и дефисов",
    "SCSE088": "Заключение договора внесено позже пяти рабочих дней",
    "SCSE089": "Изменение договора внесено позже пятнадцати календарных дней",
    "SCSE091": "Прекращение договора внесено позже трёх рабочих дней",
    "SCSE092": "Договор прекращён, сведения о нём меняет только уполномоченный орган",
    "SCSE097": "Договор принадлежит другому работодателю",
    EMPTY_MESSAGE: "В сообщении нет сведений о договоре",
    TOO_LARGE: "Документ больше 100 КБ",
    FORM_FAULT: "Неверный формат сообщения",
    SERVICE_FAULT: "Сервис не найден или недоступен",
    CERTIFICATE_FAULT: "Сертификат транспортной подписи не действует",
    SIGNATURE_FAULT: "Транспортная подпись неверна",
    UNSIGNED_FAULT: "Сообщение не подписано",
    INTERNAL_FAULT: "Внутренняя ошибка",
    SENDER_FAULT: "Отправитель не допущен",
}


def text_of(code: str) -> str:
    """Return the message that accompanies a code; a scripted code without a text gets a neutral one."""
    return TEXTS.get(code, f"Отказ {code}")
