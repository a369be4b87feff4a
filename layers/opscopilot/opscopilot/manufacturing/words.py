"""What systems and people call our statuses and kinds: SAP, Odoo, ERPNext, NetSuite, Dynamics, QuickBooks, Fishbowl,
Katana, Shopify, and plain English, German, French, Spanish, Italian and Danish.

Each line lists words (lower case, separated by commas) that all mean the same status of ours.
"""

from __future__ import annotations

import unicodedata

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def words(**meanings: str) -> dict[str, str]:
    """Aliases from lists of words; words with accents are also met without."""
    found: dict[str, str] = {}
    for value, listed in meanings.items():
        for word in (one.strip() for one in listed.split(",")):
            plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
            for form in (word, plain or word, word.translate(_GERMAN)):
                found.setdefault(form, value)
    return found


WORK_ORDER = words(
    created="crtd, erof, eröf, draft, new, not started, simulated, estimated, entered, entwurf, eröffnet, angelegt, neu, "
    "brouillon, nouveau, borrador, nuevo, bozza, nuovo, kladde, utkast, ny",
    scheduled="planned, firm planned, confirmed, submitted, pending, open, geplant, planifié, planifiée, programado, "
    "planificado, planificada, pianificato, planlagt, planerad",
    in_progress="rel, prel, pcnf, frei, tfre, trück, pdlv, tglf, released, progress, in progress, in process, started, issued, "
    "wip, running, partial, partially built, freigegeben, in arbeit, in bearbeitung, gestartet, läuft, en cours, "
    "en production, lancé, en curso, en proceso, liberado, iniciado, in corso, in lavorazione, rilasciato, "
    "igangværende, i gang, frigivet, pågår",
    paused="stopped, interrupted, pausiert, unterbrochen, en pause, pausado, in pausa, sat på pause",
    on_hold="lkd, gspe, hold, on hold, blocked, suspended, gesperrt, angehalten, suspendu, en attente, bloqué, en espera, "
    "suspendido, bloqueado, sospeso, bloccato",
    completed="teco, tabg, cnf, rück, dlv, glft, done, finished, complete, built, fulfilled, to_close, to close, "
    "reported as finished, fertig, erledigt, abgeschlossen, beendet, terminé, terminée, achevé, terminado, completado, "
    "finalizado, completato, terminato, finito, færdig, klar",
    closed="clsd, abgs, ended, close short, closed short, geschlossen, clôturé, clôturée, clos, cerrado, cerrada, chiuso, "
    "afsluttet, avslutad",
    cancelled="dlfl, dlt, löev, lövm, cancel, canceled, void, voided, deleted, rejected, storniert, abgebrochen, annulé, "
    "annulée, cancelado, cancelada, anulado, annullato, annullata, annulleret, annullerad",
)
SALES_ORDER = words(
    draft="sent, quotation, quotation sent, quote, estimate, pending approval, bid request, angebot, entwurf, devis, "
    "brouillon, presupuesto, borrador, cotización, preventivo, bozza, tilbud, kladde, offert",
    confirmed="a, sale, sales order, open, open order, released, processing, on hold, pending, pending fulfillment, "
    "unfulfilled, issued, accepted, to deliver, to deliver and bill, not yet processed, not_shipped, not shipped, auftrag, "
    "bestätigt, offen, in bearbeitung, confirmé, confirmée, bon de commande, ouvert, ouverte, confirmado, confirmada, "
    "pedido de venta, abierto, abierta, confermato, confermata, ordine di vendita, aperto, bekræftet, åben, bekräftad",
    partial="b, partially delivered, partially shipped, partially fulfilled, partially processed, in progress, "
    "pending billing/partially fulfilled, backordered, teilgeliefert, teilweise geliefert, partiellement livré, "
    "partiellement livrée, parcialmente entregado, entrega parcial, parzialmente consegnato, parzialmente evaso, delleveret, "
    "delvist leveret",
    completed="c, done, complete, locked, closed, shipped, delivered, fully delivered, fulfilled, invoiced, billed, paid, "
    "to bill, pending billing, completely processed, archived, erledigt, geliefert, abgeschlossen, fakturiert, livré, "
    "livrée, terminé, terminée, facturé, facturée, clôturé, entregado, entregada, completado, completada, facturado, "
    "cerrado, consegnato, evaso, completato, fatturato, chiuso, leveret, afsluttet, levererad",
    cancelled="cancel, canceled, void, voided, rejected, refunded, failed, expired, storniert, abgelehnt, annulé, annulée, "
    "cancelado, cancelada, anulado, anulada, annullato, annullata, annulleret, annullerad, makulerad",
)
PURCHASE_ORDER = words(
    draft="rfq, request for quotation, bid request, to approve, pending approval, pending supervisor approval, entered, "
    "entwurf, anfrage, brouillon, demande de prix, borrador, solicitud de presupuesto, bozza, richiesta di preventivo, "
    "kladde, utkast",
    approved="freigegeben, genehmigt, approuvé, approuvée, aprobado, aprobada, approvato, godkendt, godkänd",
    sent="rfq sent, issued, released, ordered, transmitted, bestellt, gesendet, envoyé, envoyée, commandé, enviado, "
    "inviato, ordinato, sendt, bestilt, skickad",
    confirmed="purchase, purchase order, open, open order, to receive, to receive and bill, pending receipt, pending, "
    "on hold, acknowledged, bestätigt, offen, confirmé, confirmée, bon de commande, ouvert, confirmado, confirmada, "
    "pedido de compra, abierto, confermato, confermata, ordine di acquisto, aperto, bekræftet, bekräftad",
    partially_received="partial, partially received, partially delivered, picking, pending billing/partially received, "
    "teilgeliefert, teilweise geliefert, partiellement reçu, partiellement reçue, parcialmente recibido, "
    "recepción parcial, parzialmente ricevuto, delvist modtaget",
    received="completed, complete, delivered, fully received, fulfilled, to bill, pending bill, pending billing, "
    "geliefert, vollständig geliefert, erhalten, reçu, reçue, livré, recibido, recibida, completado, ricevuto, "
    "consegnato, modtaget, mottagen",
    closed="done, locked, invoiced, billed, fully billed, closed short, paid, abgeschlossen, geschlossen, erledigt, "
    "clôturé, clos, terminé, cerrado, facturado, chiuso, fatturato, afsluttet, avslutad",
    cancelled="cancel, canceled, void, voided, rejected, rejected by supervisor, deleted, storniert, abgelehnt, annulé, "
    "annulée, cancelado, cancelada, anulado, annullato, annullata, annulleret, annullerad",
)
SKU_TYPE = words(
    finished="fert, hawa, finished good, finished goods, finished product, storable product, storable, goods, product, "
    "trading good, handelsware, fertigerzeugnis, fertigware, produit fini, producto terminado, prodotto finito, færdigvare",
    semi_finished="halb, semi-finished, semifinished, semi-finished product, intermediate, wip, subassembly, halbfabrikat, "
    "halbfertigerzeugnis, semi-fini, produit semi-fini, semielaborado, semiterminado, semilavorato, halvfabrikata",
    raw="roh, raw material, raw materials, ingredient, component, rohstoff, rohmaterial, matière première, materia prima, "
    "råvare",
    packaging="verp, consumable, packaging material, verpackung, verpackungsmaterial, emballage, envase, embalaje, "
    "imballaggio, emballasje",
    service="dien, services, non-inventory, dienstleistung, prestation, servicio, servizio, ydelse, tjeneste",
)
MOVEMENT_TYPE = words(
    receipt="101, 103, 105, 501, 561, goods receipt, gr, in, purchase, purchase receipt, wareneingang, zugang, réception, "
    "entrée, entrada, recepción, entrata, carico, varemodtagelse",
    issue="261, 201, 221, 231, 241, 281, goods issue, gi, out, consumption, consume, warenausgang, verbrauch, entnahme, "
    "sortie, consommation, salida, consumo, uscita, scarico, forbrug",
    production="131, 133, 521, output, manufacture, manufacturing receipt, production receipt, produktion, fabrication, "
    "producción, produzione",
    shipment="601, 603, 621, 641, sale, sales, delivery, sales shipment, lieferung, versand, expédition, livraison, envío, "
    "entrega, spedizione, levering",
    transfer="301, 303, 305, 311, 313, 315, 321, 411, 412, stock transfer, material transfer, internal, umlagerung, "
    "umbuchung, transfert, traspaso, transferencia, trasferimento, flytning",
    adjustment="positive adjmt., negative adjmt., positive adjustment, negative adjustment, inventory adjustment, "
    "stock reconciliation, korrektur, bestandskorrektur, ajustement, ajuste, rettifica, regulering",
    count="701, 702, 703, 704, physical inventory, cycle count, inventur, inventaire, recuento, inventario, conta, optælling",
    scrap="551, 552, 553, 555, scrapping, waste, ausschuss, verschrottung, rebut, chatarra, desecho, merma, scarto, svind",
    **{"return": "122, 161, 651, 653, 655, customer return, supplier return, retoure, rücklieferung, retour, devolución, "
       "reso, returnering"},
    hold="344, block, blocked, sperren, bloquer, bloquear, bloccare",
    release="343, unblock, unblocked, freigeben, débloquer, desbloquear, sbloccare",
)  # fmt: skip

PROMOTION_KIND = words(
    price_cut="tpr, price, price cut, price reduction, price off, discount, temporary price reduction, preisaktion, rabatt, "
    "remise, descuento, sconto, tilbud",
    multibuy="multi buy, multi-buy, multipack, bundle, 3 for 2",
    bogof="bogo, buy one get one free, 2 for 1, 2-for-1",
    coupon="voucher, gutschein, bon, cupón, buono",
    feature="ad, advert, advertisement, leaflet, flyer, circular, anzeige, handzettel, prospekt, dépliant, folleto, avis",
    display="second placement, end cap, gondola, zweitplatzierung, tête de gondole",
    other="special, event, sonstige, autre, otro, altro, andet",
)
PROMOTION_STATUS = words(
    planned="plan, draft, proposed, tentative, open, geplant, entwurf, prévu, planificado, pianificato, planlagt",
    confirmed="approved, active, live, running, released, done, closed, ended, completed, bestätigt, freigegeben, aktiv, "
    "abgeschlossen, confirmé, confirmado, confermato, bekræftet",
    cancelled="canceled, void, rejected, withdrawn, storniert, abgesagt, annulé, cancelado, annullato, aflyst, annulleret",
)
DAY_KIND = words(
    closed="non working, non-working, nonworking, off, day off, geschlossen, arbeitsfrei, fermé, cerrado, chiuso, lukket",
    holiday="public holiday, bank holiday, feiertag, jour férié, festivo, feriado, helligdag",
    shutdown="plant shutdown, outage, werksferien, betriebsferien, stillstand, fermeture, parada, fermata, "
    "ferielukning",
    event="fair, campaign, messe, veranstaltung, événement, evento, arrangement",
    maintenance="planned maintenance, planned downtime, downtime, service, repair, overhaul, cleaning, wartung, "
    "instandhaltung, reparatur, revision, entretien, mantenimiento, manutenzione, vedligehold",
    trial="test, test run, trial run, line trial, commissioning, versuch, probelauf, testlauf, essai, prueba, prova, forsøg",
)
