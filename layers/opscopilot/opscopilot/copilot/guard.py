"""What the copilot does not do, whatever the wording: other subjects, judging people, acting by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from opscopilot.copilot.text import fold

_OTHER = re.compile(
    r"\b(weather|wetter|meteo|tiempo hace|temperature tomorrow|joke|witz|poem|gedicht|recipe for dinner|football|soccer|"
    r"election|stock market|share price|bitcoin|crypto|horoscope|medical|medicine|headache|diagnos\w*|doctor|lawyer|"
    r"capital of|who is the president|translate|movie|song|lyrics|dating)\b"
)
_PEOPLE = re.compile(
    r"\b(worst|best|laziest|slowest|fastest|bad|good|rank|ranking|compare|fire|blame|schlechteste\w*|beste\w*|pire|peor)\b"
    r".{0,40}\b(operator|operators|employee|employees|worker|workers|person|people|staff|colleague|bediener|mitarbeiter\w*|"
    r"operateur\w*|employe\w*|operario\w*|empleado\w*)\b"
    r"|\bwho is (to blame|the worst|the slowest|underperforming)\b"
)

_SUPPLIER = r"\b(suppliers?|vendors?|lieferant\w*|fournisseurs?|proveedor\w*)\b"
_DELIVERS = (
    r"\b(on.?time|otif|deliver\w*|punctual\w*|reject\w*|reliab\w*|perform\w*|quality|rank\w*|worst|best|risk\w*|"
    r"punktlich\w*|liefertreue|reklamation\w*|ponctuel\w*|livr\w*|retard|puntual\w*|entrega\w*|rechaz\w*)\b"
)
# Subjects of the plant that no tool covers: an answer about something else would look like one about them.
_NO_TOOL = (
    (re.compile(f"{_SUPPLIER}.*{_DELIVERS}|{_DELIVERS}.*{_SUPPLIER}"), "how well suppliers deliver"),
    (re.compile(r"\b(margins?|profit\w*|marges?|deckungsbeitrag\w*|margen(es)?)\b"), "margins and profit"),
    (re.compile(r"\b(oee|downtimes?|mtbf|mttr|stillstand\w*)\b"), "machines and their stops"),
)


@dataclass(frozen=True)
class Refusal:
    """Why a question is not answered, as a person would say it."""

    kind: Literal["out_of_scope", "people", "no_tool"]
    text: str


CAN_DO = (
    "I answer from this plant's own records: stock and reorder points, sales orders, production and scrap, "
    "recipes, forecasts with their intervals, and open alerts."
)


def refuse(question: str) -> Refusal | None:
    """The refusal a question calls for, or None."""
    folded = fold(question)
    if _PEOPLE.search(folded):
        return Refusal(
            "people",
            "I do not rank or judge people. What I can do is show where scrap, delays or stops come from: by "
            "product, reason, line or period. " + CAN_DO,
        )
    if _OTHER.search(folded):
        return Refusal("out_of_scope", "That is outside what I know. " + CAN_DO)
    return None


def without_tool(question: str) -> Refusal | None:
    """The refusal of a question about the plant that no tool can answer, or None."""
    folded = fold(question)
    for pattern, subject in _NO_TOOL:
        if pattern.search(folded):
            return Refusal(
                "no_tool",
                f"I cannot say anything about {subject}: I have no figures for that, and other figures would mislead. "
                + CAN_DO,
            )
    return None
