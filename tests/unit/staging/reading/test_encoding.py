"""Encodings told apart by a few lines, as plants write them; what is not sure is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.staging.reading.delimited import open_text
from opscopilot.staging.reading.encoding import legacy
from opscopilot.staging.reading.unpack import probe

TEXTS = {
    "german": "Artikel;Bezeichnung;Größe;Menge\n1001;Schüttgut für Bäckerei, weiß;5 l;12\n1002;Käseöl süß;10 kg;3\n",
    "german, little": "Nr;Name;Ort\n1;Müller GmbH;Köln\n2;Schmidt;Ulm\n",
    "french": "Réf;Désignation;Quantité;Unité\n12;Crème brûlée à l'érable;4;pièces\n13;Pâte façon maïs;2;kg\n",
    "spanish": "Artículo;Descripción;Año\n1;Jamón de España;2024\n2;Piña en almíbar;2023\n",
    "norwegian": "Varenr;Beskrivelse;Mengde\n1;Rødkål på glass;4\n2;Blåbær og bringebær;5\n3;Fløte;6\n",
    "portuguese": "Código;Descrição;Preço\n1;Pão de açúcar;3,50\n2;Feijão;2,10\n",
    "swedish": "Artikel;Benämning;Mängd\n1;Köttbullar;5\n2;Smörgås;6\n3;Räksallad;1\n",
    "signs": "SKU;Price;Temp\n1;€ 12.50;20°C\n2;€ 3.00;5 °C\n",
    "polish": "Kod;Nazwa;Ilość\n1;Żółty ser Łódź;5\n2;Mąka pszenna;6\n3;Śruba źle dokręcona;7\n",
    "czech": "Kód;Název;Množství\n1;Šroub ocelový;5\n2;Přírubový těsnící kroužek;6\n3;Žlutá barva;8\n",
    "hungarian": "Cikkszám;Megnevezés;Mennyiség\n1;Fűrészelt gerenda;5\n2;Tőtike hűtő;6\n",
    "russian": "Артикул;Наименование;Количество\n1;Гайка стальная;5\n2;Болт крепежный;6\n3;Мука высший сорт;8\n",
    "ukrainian": "Артикул;Назва;Кількість\n1;Гайка сталева;5\n2;Олія соняшникова їстівна;6\n",
    "greek": "Κωδικός;Περιγραφή;Ποσότητα\n1;Ελαιόλαδο έξτρα;5\n2;Φέτα τυρί;6\n",
    "turkish": "Kod;Açıklama;Miktar\n1;Çelik cıvata;5\n2;Şeker ve yağ;6\n3;Güneş gözlüğü;4\n",
    "lithuanian": "Kodas;Pavadinimas;Kiekis\n1;Šaldyta žuvis ąžuolo;5\n2;Sūris ėriena įdaryta;6\n",
    "japanese": "品番,品名,数量,倉庫\nA-001,ステンレスボルト,12,東京\nA-002,なべ小ねじ,5,大阪\n",
    "japanese customers": "コード,得意先名,住所\n1,株式会社山田製作所,東京都千代田区\n2,鈴木商店,横浜市中区\n",
    "japanese, no kana": "品番,数量,納期\nA1,12,2026年1月5日\nA2,4,2026年2月1日\n",
    "japanese, half width": "ｺｰﾄﾞ,ﾋﾝﾒｲ,ｽｳﾘｮｳ\n1,ｽﾃﾝﾚｽ ﾎﾞﾙﾄ,5\n2,ﾈｼﾞ,6\n",
    "chinese": "物料编码,物料名称,数量,单位\n1001,不锈钢螺栓,12,个\n1002,小麦粉,5,公斤\n",
    "chinese orders": "订单号,客户,交货日期\nSO1,北京华联有限公司,2026-01-05\nSO2,深圳电子厂,2026-02-01\n",
    "taiwanese": "料號,品名,數量,單位\n1001,不鏽鋼螺絲,12,個\n1002,麵粉,5,公斤\n",
    "taiwanese orders": "訂單編號,客戶名稱,交貨日期\nSO1,台北貿易有限公司,2026-01-05\nSO2,高雄電子,2026-02-01\n",
    "korean": "품목코드,품목명,수량,단위\n1001,스테인리스 볼트,12,개\n1002,밀가루,5,킬로그램\n",
    "korean orders": "주문번호,거래처,납기일\n1,한국전자 주식회사,2026-01-05\n2,서울식품,2026-02-01\n",
}
WEST, EAST = ("cp1252", "mac_roman", "cp850"), ("cp1250", "iso8859-2", "cp852")
ENCODINGS: dict[str, tuple[str, ...]] = {
    "german": (*WEST, "cp437"), "german, little": (*WEST, "cp437"), "french": WEST, "spanish": (*WEST, "cp437"),
    "norwegian": WEST, "portuguese": WEST, "swedish": (*WEST, "cp437"), "signs": ("cp1252", "iso8859-15", "mac_roman"),
    "polish": EAST, "czech": EAST, "hungarian": EAST, "russian": ("cp1251", "koi8-r", "cp866", "iso8859-5"),
    "ukrainian": ("cp1251", "iso8859-5"), "greek": ("cp1253", "iso8859-7"), "turkish": ("cp1254",),
    "lithuanian": ("cp1257",), "japanese": ("cp932", "euc_jp"), "japanese customers": ("cp932", "euc_jp"),
    "japanese, no kana": ("cp932", "euc_jp"), "japanese, half width": ("cp932",), "chinese": ("gb18030",),
    "chinese orders": ("gb18030",), "taiwanese": ("big5",), "taiwanese orders": ("big5",), "korean": ("euc_kr", "cp949"),
    "korean orders": ("euc_kr",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, one) for language, several in ENCODINGS.items() for one in several]
)
def test_a_few_lines_are_enough(language: str, encoding: str) -> None:
    raw = TEXTS[language].encode(encoding)
    lines = b"".join(line for line in raw.splitlines(keepends=True) if not line.isascii())
    assert raw.decode(legacy(lines).name) == TEXTS[language]


def test_one_foreign_letter_late_in_a_large_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"SKU;Name\n" + b"1;plain\n" * 300_000 + "2;Käse\n".encode("cp1252"))
    assert probe(path, "x.csv").encoding == "cp1252"


def test_an_encoding_that_is_not_sure_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"SKU;Name;Qty\n1;N\xe6r;5\n2;plain;6\n3;plain;7\n")
    (table,) = open_text(path, "x.csv")
    (note,) = [note for note in table.notes if note.code == "encoding_unsure"]
    assert table.read_as["encoding"] in note.message


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_character_cut_by_a_block_is_whole(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"SKU;Name\n" + b"1;" + b"x" * ((1 << 19) - 12 - cut) + "äöü€\n2;b\n".encode())
    (table,) = open_text(path, "x.csv")
    assert table.read_as["encoding"] == "utf-8"
    assert table.sample[0][1].endswith("xäöü€")
