"""Names of months and weekdays in the languages of our plants, without accents, lower case."""

from __future__ import annotations

_MONTHS = (
    "jan january januar janvier enero ene gennaio gen januari janeiro janv ian jaenner janner",
    "feb february februar fevrier fev febr febrero febbraio februari fevereiro fevr feber",
    "mar march marz mrz mars marzo marts maart mrt marco maerz",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maj mei maio",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august aout aou agosto ago augusti augustus",
    "sep sept september septembre septiembre settembre set sett setembro setiembre",
    "oct october oktober okt octobre octubre ottobre ott outubro out oktobar",
    "nov november novembre noviembre novembro",
    "dec december dezember dez decembre diciembre dic dicembre desember des dezembro",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
WEEKDAYS = frozenset(
    """mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday sun sunday
    mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
    lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche
    lunes martes mie miercoles jue jueves vie viernes sab sabado dom domingo
    lunedi martedi mercoledi gio giovedi venerdi sabato domenica
    man mandag tir tirsdag ons onsdag tor torsdag fre fredag lor lordag son sondag tis tisdag
    ma maandag dinsdag wo woensdag donderdag vr vrijdag za zaterdag zo zondag
    seg segunda ter terca qua quarta qui quinta sex sexta segunda-feira terca-feira quarta-feira quinta-feira
    sexta-feira""".split()
)

_DAYS = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
WEEKDAY = rf"(?:(?:{_DAYS})[.,]* +)?"
_OF = r"(?:(?:de|del|of) )?"
_NAME = r"([a-z]{3,10})"
_YEAR = r"'?([0-9]{4}|[0-9]{2})"
PATTERNS = (
    ("dmy", rf"{WEEKDAY}([0-9]{{1,2}})(?:st|nd|rd|th|er|o)?[ ./-]*{_OF}{_NAME}[ .,/-]*{_OF}{_YEAR}"),
    ("mdy", rf"{WEEKDAY}{_NAME}[ ./-]*([0-9]{{1,2}})(?:st|nd|rd|th)?[ .,/-]+{_YEAR}"),
    ("ymd", rf"{WEEKDAY}([0-9]{{4}})[ ./-]{_NAME}[ ./-]([0-9]{{1,2}})"),
)
"""Days with the month as a word, by the order of their groups. Lower case, without accents."""
