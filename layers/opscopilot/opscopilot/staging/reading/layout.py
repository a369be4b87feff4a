"""How cells and records are told apart in a delimited file."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from opscopilot.staging.reading import aligned

PLAIN_SIGNS = (",", ";", "\t", "|")
"""Separators that go into the part files as they are; any other is replaced by a character the file has not."""


@dataclass(frozen=True)
class Layout:
    """`quote` and `escape` may be empty (there is none). `newline` ends records: \\n, \\r\\n, \\r or \\x1e; \\n also
    stands for a mixture. `sign` is the one character that stands for the separator while reading."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    newline: str = "\n"
    sign: str = ""
    cuts: tuple[int, ...] = ()
    """Where columns begin that stand under each other with blanks between them."""
    usual: int = 0
    """Cells of most records; 0 = nobody knows yet."""

    @property
    def inner(self) -> str:
        """The separator while reading."""
        return self.sign or self.delimiter

    @property
    def swapped(self) -> bool:
        """Whether the record separator and \\n change places while reading."""
        return self.newline in ("\r", "\x1e")

    @property
    def verbatim(self) -> bool:
        """Whether a line can go into a part file as it is, quotation marks and all."""
        return not self.sign and self.quote == '"' and not self.escape and not self.swapped

    @cached_property
    def csv_dialect(self) -> Any:
        """For csv.reader: strict, one character each."""
        options: dict[str, Any] = {"delimiter": self.inner, "strict": True, "escapechar": self.escape or None}
        if self.quote:
            options |= {"quotechar": self.quote, "doublequote": True}
        else:
            options |= {"quoting": csv.QUOTE_NONE, "quotechar": None}
        return csv.reader((), **options).dialect

    def into(self, text: str) -> str:
        """Whole lines of the file as they are read."""
        if self.cuts:
            return "\n".join([aligned.split(line.rstrip("\r"), self.cuts, self.sign) for line in text.split("\n")])
        if self.sign:
            text = text.replace(self.delimiter, self.sign)
        if self.escape and "\\N" in text:
            text = self._null.sub("", text)
        return text.translate(self._swap) if self.swapped else text

    def out_of(self, text: str) -> str:
        """A cell or line as it stands in the file."""
        if self.sign:
            text = text.replace(self.sign, self.delimiter)
        return text.translate(self._swap) if self.swapped else text

    @cached_property
    def _null(self) -> re.Pattern[str]:
        """A cell that says NULL as databases write it where a backslash escapes."""
        sign = re.escape(self.inner)
        return re.compile(rf"(?:(?<=^)|(?<={sign}))\\N(?={sign}|\r?$)", re.MULTILINE)

    @cached_property
    def _swap(self) -> dict[int, str]:
        return {ord(self.newline[0]): "\n", 10: self.newline[0]}
