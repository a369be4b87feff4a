"""Which characters people write, for telling encodings apart: letters of languages, and signs beside them."""

from __future__ import annotations

import codecs
import re

SINGLE = {
    "cp1252": "west", "iso8859-15": "west", "mac_roman": "west", "cp850": "west", "cp437": "west",
    "cp1250": "east", "iso8859-2": "east", "cp852": "east",
    "cp1251": "cyrillic", "koi8-r": "cyrillic", "cp866": "cyrillic", "iso8859-5": "cyrillic",
    "cp1253": "greek", "iso8859-7": "greek", "cp1254": "turkish", "cp1257": "baltic",
}  # fmt: skip
"""Encodings of one byte per character, the likelier first, and whose letters they are for."""

LETTERS = {
    "west": ("äöüß", "éèêëàâçîïôùûœ", "ñáéíóúü", "àèéìòù", "ãõçáéíóúâêô", "åäö", "æøåé", "éèëïöüá", "þðæöáéíóúý"),
    "east": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "äöüß"),
    "cyrillic": ("оеаинтсрвлкмдпуяызьбгчйхжюшцщэфъё", "оаинетврскілдмупбяьгзчхйїжєцшщюґ"),
    "greek": ("αοιετσνηυρπκμλςωάίόέήύώγδθφβχξζψϊϋ",),
    "turkish": ("çğıöşüi̇",),
    "baltic": ("āčēģīķļņšūž", "ąčęėįšųūž", "õäöüšž"),
}  # fmt: skip

BESIDE_DIGITS = "°€£¥§±½¼¾²³µ‰№¢"
BETWEEN = "–—‘’“”„«»…•·×®©™ªº\u00a0\u00ad"

_HAN = (
    "的一是不了在有人中大上国年日月号名称价格单位数量客户供应商仓库地址备注订产品编重规型状态金额总批期计料包装厂电话"
    "式工生产部门质检合采购销售入出存物编码描述类别箱件个瓶袋盒公斤吨米公司有限北京上海广州深圳市省区路"
)
_HAN_TAIWAN = (
    "的一是不了在有人中大上國年日月號名稱價格單位數量客戶供應商倉庫地址備註訂產品編重規型狀態金額總批期計料包裝廠電話"
    "式工生產部門質檢合採購銷售入出存物碼描述類別箱件個瓶袋盒公斤噸米公司有限台北高雄臺中市區路縣"
)
_HAN_JAPAN = (
    "品番名数量単価格位日付倉庫顧客仕入先受注発注在納期得意工場製造番号区分金額合計株式会社東京大阪市県町備考担当者製"
    "品目材料包装箱個本枚袋重量出荷場所状態年月在庫検査原"
)
_KANA = re.compile("[ぁ-ゖァ-ヺー・、。「」]")
_HALF_KANA = re.compile("[｡-ﾟ]{2,}")
_HANGUL = re.compile("[가-힣]")
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ（）：，。、；「」％　～－／]")

MULTI = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949")
"""Encodings of several bytes per character."""


def score_single(text: str, script: str) -> float:
    """How much the non-ASCII characters of `text` look like writing, from about -2 to 1 for each on average."""
    marks = [at for at, char in enumerate(text) if char > "\x7f"]
    letters = [text[at].lower() for at in marks if text[at].isalpha() and text[at] not in "ªº"]
    best = max((sum(1.0 if one in alphabet else -1.0 for one in letters) for alphabet in LETTERS[script]), default=0.0)
    if script == "cyrillic" and letters:
        best -= 0.5 * sum(1 for one in letters if one in "ъэщфўџћђѓќљњ")
    foreign = script in ("cyrillic", "greek")
    return (best + sum(_beside(text, at, foreign) for at in marks)) / max(len(marks), 1)


def _beside(text: str, at: int, foreign: bool) -> float:
    """What the neighbours say of one character; no word mixes Latin with letters that are `foreign` to it."""
    char, before, after = text[at], text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if char < "\xa0" or char == "\ufffd":
        return -3.0
    if char.isalpha() and char not in "ªº":
        near = before + after
        if foreign and (any(one.isascii() and one.isalpha() for one in near) or not any(map(str.isalpha, near))):
            return -1.5
        if char.isupper() and (before.islower() or not any(map(str.isalpha, near))):
            return -1.2
        return -0.6 if char.islower() and before.isupper() and after.isupper() and char != "ß" else 0.0
    inside = before.isalpha() and after.isalpha()
    if char in BESIDE_DIGITS:
        close = (before + after).strip()
        fits = any(one.isdigit() for one in close) or not close or (char in "°µ²³" and not inside)
        return 0.8 if fits and not inside else -0.8
    if char in "¡¿":
        return 0.6 if after.isalpha() and not before.isalnum() else -0.8
    if char in BETWEEN:
        return 0.6 if not inside or char == "’" else -0.8
    return -1.5 if inside else -1.0


def score_multi(raw: bytes, encoding: str) -> float:
    """The same for an encoding of several bytes; -9 where the bytes cannot be that encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(raw)
    except UnicodeDecodeError:
        return -9.0
    foreign = [char for char in text if char > "\x7f"]
    if not foreign:
        return -9.0
    joined = "".join(foreign)
    wide = len(_WIDE.findall(joined))
    good = wide * 0.8 + _NATIVE[encoding](joined) + 0.9 * sum(map(len, _HALF_KANA.findall(text)))
    bad = sum(1 for char in foreign if "\ue000" <= char <= "\uf8ff" or (char < "\u2000" and char not in "×±°§÷¥"))
    return min((good - 2.0 * bad) / len(foreign), 1.5)


def _japanese(text: str) -> float:
    kana = len(_KANA.findall(text))
    common = sum(1 for char in text if char in _HAN_JAPAN)
    return kana * 1.2 + common * 1.2 + _ranked(text, "euc_jp", b"\xb0", b"\xcf") * 0.35


def _chinese(text: str) -> float:
    return sum(1.3 for char in text if char in _HAN) + _ranked(text, "gb2312", b"\xb0", b"\xd7") * 0.4


def _taiwanese(text: str) -> float:
    return sum(1.3 for char in text if char in _HAN_TAIWAN) + _ranked(text, "big5", b"\xa4", b"\xc6") * 0.4


def _korean(text: str) -> float:
    syllables = _HANGUL.findall(text)
    return sum(
        1.1 if one.encode("cp949")[:1] >= b"\xb0" and one.encode("cp949")[1] >= 0xA1 else 0.0 for one in syllables
    )


def _ranked(text: str, encoding: str, first: bytes, last: bytes) -> int:
    """Characters in the part of a standard that holds the common ones."""
    found = 0
    for char in text:
        code = char.encode(encoding, "ignore")
        found += len(code) == 2 and first <= code[:1] <= last
    return found


_NATIVE = {
    "cp932": _japanese, "euc_jp": _japanese, "gb18030": _chinese, "big5hkscs": _taiwanese, "cp949": _korean,
}  # fmt: skip
