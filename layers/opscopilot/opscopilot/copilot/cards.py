"""Tool cards: the words by which people ask for a tool, in four languages. The router ranks them by BM25."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from opscopilot.copilot.text import content_words, stem

CARDS: dict[str, str] = {
    "query_inventory": (
        "stock inventory on hand available availability quantity left warehouse storage bin reorder point below reorder "
        "safety stock low critical excess overstock negative convert carton case unit shortage run out running out how much "
        "worth value valuation stock level levels cover days of supply dead expired quarantine quarantined reserved "
        "bestand lager lagerbestand vorrat verfügbar meldebestand reichweite reicht menge "
        "inventaire disponible quantité entrepôt seuil réapprovisionnement valeur "
        "inventario existencias disponible almacén cantidad punto de pedido valor"
    ),
    "lookup_orders": (
        "order orders sales sold sell customer customers open order backlog revenue turnover shipped ship delivery deliver "
        "outstanding unshipped booked ordered demand channel line lines late order bestellung bestellungen auftrag aufträge "
        "kunde kunden offen offene umsatz verkauf verkauft lieferung commande commandes client clients ouvertes ventes vendu "
        "chiffre affaires livraison pedido pedidos cliente clientes abiertos ventas vendido entrega"
    ),
    "get_production_status": (
        "production work order orders wo manufacturing make made scrap scrapped waste reject yield overdue late behind "
        "schedule in progress running plant factory finished completed shop floor fertigung produktion fertigungsauftrag "
        "fertigungsaufträge überfällig ausschuss verspätet rückstand ordre ordres fabrication rebut retard atelier "
        "produccion orden ordenes fabricacion trabajo merma chatarra atrasado atrasadas desperdicio"
    ),
    "get_forecasts": (
        "forecast forecasts predict prediction projected projection expected expect demand future outlook "
        "weekly monthly upcoming plan stock-out stockout risk probability prognose vorhersage bedarf erwartet "
        "absatzprognose prévision prévisions prévoir attendue demande pronóstico prevision previsión demanda esperada futuro"
    ),
    "get_alerts": (
        "alert alerts alarm alarms warning warnings notification notifications critical issue issues urgent problem problems "
        "attention open alert raised acknowledge warnung warnungen meldung meldungen dringend alerte alertes urgente urgentes "
        "problème alerta alertas alarmas urgente problema"
    ),
    "query_bom": (
        "bom bill of materials recipe formula component components ingredient ingredients goes into made of explode explosion "
        "where used where-used parts contains consist stückliste rezept rezeptur bestandteile komponenten zutaten "
        "nomenclature recette composants composant ingrédients lista de materiales receta componentes ingredientes"
    ),
}
"""Words that only name an entity must not be here: they would route by what is asked about, not by what is asked."""

VAGUE = frozenset(
    stem(w) for w in "ok okay fine everything alles alright status overview summary happening tout todo".split()
)
_K1, _B = 1.2, 0.5


class CardIndex:
    """BM25 over the cards of the tools that exist."""

    def __init__(self, names: list[str], cards: Mapping[str, str] | None = None) -> None:
        texts = cards or CARDS
        self._terms = {
            name: Counter(stem(word) for word in content_words(texts[name])) for name in names if name in texts
        }
        documents = len(self._terms)
        self._average = sum(sum(terms.values()) for terms in self._terms.values()) / max(documents, 1)
        frequency = Counter(term for terms in self._terms.values() for term in terms)
        self._idf = {term: math.log(1 + (documents - count + 0.5) / (count + 0.5)) for term, count in frequency.items()}

    @property
    def vocabulary(self) -> frozenset[str]:
        """Stems that speak of some tool."""
        return frozenset(self._idf)

    def rank(self, words: list[str]) -> list[tuple[str, float]]:
        """Tools by score, best first; tools without a common word are left out."""
        stems = [stem(word) for word in words]
        scores = []
        for name, terms in self._terms.items():
            length = sum(terms.values()) / self._average
            score = sum(
                self._idf[one] * terms[one] * (_K1 + 1) / (terms[one] + _K1 * (1 - _B + _B * length))
                for one in stems
                if terms[one]
            )
            if score > 0:
                scores.append((name, score))
        return sorted(scores, key=lambda pair: (-pair[1], pair[0]))
