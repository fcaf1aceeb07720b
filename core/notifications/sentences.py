"""The sentences of notifications in the languages of mails; English is as `notices` has it.

The console has its own catalogue (`api.web`), which the core can't read. `mailing` uses this one.
"""

from collections.abc import Mapping
from typing import Final

_LANGUAGES: Final = ("de", "es", "fr")

_SENTENCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "{candidate} applied for {job}": (
        "{candidate} hat sich als {job} beworben",
        "{candidate} se ha presentado a {job}",
        "{candidate} a postulé pour {job}",
    ),
    "{count} new applications for {job}": (
        "{count} neue Bewerbungen als {job}",
        "{count} candidaturas nuevas para {job}",
        "{count} nouvelles candidatures pour {job}",
    ),
    "{candidate} moved to {stage}": (
        "{candidate} ist jetzt bei {stage}",
        "{candidate} ha pasado a {stage}",
        "{candidate} est passé(e) à {stage}",
    ),
    "{count} candidates moved to {stage}": (
        "{count} Kandidaten sind jetzt bei {stage}",
        "{count} candidatos han pasado a {stage}",
        "{count} candidats sont passés à {stage}",
    ),
    "{candidate} was hired": (
        "{candidate} wurde eingestellt",
        "Se ha contratado a {candidate}",
        "{candidate} a été recruté(e)",
    ),
    "{count} candidates were hired": (
        "{count} Kandidaten wurden eingestellt",
        "Se ha contratado a {count} candidatos",
        "{count} candidats ont été recrutés",
    ),
    "{candidate} was rejected": (
        "{candidate} hat eine Absage bekommen",
        "Se ha descartado a {candidate}",
        "{candidate} a été refusé(e)",
    ),
    "{count} candidates were rejected": (
        "{count} Kandidaten haben eine Absage bekommen",
        "Se ha descartado a {count} candidatos",
        "{count} candidats ont été refusés",
    ),
    "{candidate} withdrew": (
        "{candidate} hat die Bewerbung zurückgezogen",
        "{candidate} se ha retirado",
        "{candidate} s’est retiré(e)",
    ),
    "{count} candidates withdrew": (
        "{count} Kandidaten haben ihre Bewerbung zurückgezogen",
        "{count} candidatos se han retirado",
        "{count} candidats se sont retirés",
    ),
    "{candidate} is in the running again": (
        "{candidate} ist wieder im Rennen",
        "{candidate} vuelve a estar en el proceso",
        "{candidate} est de nouveau en lice",
    ),
    "{count} candidates are in the running again": (
        "{count} Kandidaten sind wieder im Rennen",
        "{count} candidatos vuelven a estar en el proceso",
        "{count} candidats sont de nouveau en lice",
    ),
    "{candidate} was given to you": (
        "{candidate} wurde Ihnen zugewiesen",
        "Se le ha asignado a {candidate}",
        "{candidate} vous a été confié(e)",
    ),
    "{count} candidates were given to you": (
        "{count} Kandidaten wurden Ihnen zugewiesen",
        "Se le han asignado {count} candidatos",
        "{count} candidats vous ont été confiés",
    ),
    "{actor} mentioned you in a note on {candidate}": (
        "{actor} hat Sie in einer Notiz zu {candidate} erwähnt",
        "{actor} le ha mencionado en una nota sobre {candidate}",
        "{actor} vous a mentionné(e) dans une note sur {candidate}",
    ),
    "{actor} wrote a note on {candidate}": (
        "{actor} hat eine Notiz zu {candidate} geschrieben",
        "{actor} ha escrito una nota sobre {candidate}",
        "{actor} a écrit une note sur {candidate}",
    ),
    "{count} new notes on {candidate}": (
        "{count} neue Notizen zu {candidate}",
        "{count} notas nuevas sobre {candidate}",
        "{count} nouvelles notes sur {candidate}",
    ),
    "Interview with {candidate}": (
        "Interview mit {candidate}",
        "Entrevista con {candidate}",
        "Entretien avec {candidate}",
    ),
    "The interview with {candidate} was changed": (
        "Das Interview mit {candidate} wurde geändert",
        "La entrevista con {candidate} ha cambiado",
        "L’entretien avec {candidate} a été modifié",
    ),
    "An interview with {candidate} was cancelled": (
        "Ein Interview mit {candidate} wurde abgesagt",
        "Se ha cancelado una entrevista con {candidate}",
        "Un entretien avec {candidate} a été annulé",
    ),
    "Your feedback on {candidate} is due": (
        "Ihr Feedback zu {candidate} steht aus",
        "Falta su evaluación de {candidate}",
        "Votre avis sur {candidate} est attendu",
    ),
    "Feedback on {candidate} is due": (
        "Feedback zu {candidate} steht aus",
        "Falta la evaluación de {candidate}",
        "L’avis sur {candidate} est attendu",
    ),
    "{actor} gave feedback on {candidate}": (
        "{actor} hat {candidate} bewertet",
        "{actor} ha valorado a {candidate}",
        "{actor} a donné son avis sur {candidate}",
    ),
    "{count} times new feedback on {candidate}": (
        "{count} neue Bewertungen zu {candidate}",
        "{count} valoraciones nuevas de {candidate}",
        "{count} nouveaux avis sur {candidate}",
    ),
    "A message to {candidate} was not sent": (
        "Eine Nachricht an {candidate} wurde nicht versendet",
        "No se ha enviado un mensaje a {candidate}",
        "Un message à {candidate} n’a pas été envoyé",
    ),
    "{count} messages to {candidate} were not sent": (
        "{count} Nachrichten an {candidate} wurden nicht versendet",
        "No se han enviado {count} mensajes a {candidate}",
        "{count} messages à {candidate} n’ont pas été envoyés",
    ),
    "A message to {candidate} came back": (
        "Eine Nachricht an {candidate} kam zurück",
        "Un mensaje a {candidate} ha sido devuelto",
        "Un message à {candidate} est revenu",
    ),
    "{count} messages to {candidate} came back": (
        "{count} Nachrichten an {candidate} kamen zurück",
        "{count} mensajes a {candidate} han sido devueltos",
        "{count} messages à {candidate} sont revenus",
    ),
    "Nobody knows whether a message reached {candidate}": (
        "Niemand weiß, ob eine Nachricht {candidate} erreicht hat",
        "Nadie sabe si un mensaje ha llegado a {candidate}",
        "Personne ne sait si un message est arrivé à {candidate}",
    ),
    "Of {count} messages to {candidate} nobody knows whether they arrived": (
        "Von {count} Nachrichten an {candidate} weiß niemand, ob sie ankamen",
        "De {count} mensajes a {candidate} nadie sabe si han llegado",
        "De {count} messages à {candidate}, personne ne sait s’ils sont arrivés",
    ),
    "Your import has ended": (
        "Ihr Import ist beendet",
        "Su importación ha terminado",
        "Votre import est terminé",
    ),
    "{created} added, {updated} changed, {failed} with errors": (
        "{created} hinzugefügt, {updated} geändert, {failed} mit Fehlern",
        "{created} añadidos, {updated} modificados, {failed} con errores",
        "{created} ajoutés, {updated} modifiés, {failed} en erreur",
    ),
    "Your rejections took effect": (
        "Ihre Absagen sind wirksam",
        "Sus descartes ya son efectivos",
        "Vos refus ont pris effet",
    ),
    "{rejected} rejected, {skipped} left out": (
        "{rejected} abgesagt, {skipped} ausgelassen",
        "{rejected} descartados, {skipped} omitidos",
        "{rejected} refusés, {skipped} laissés de côté",
    ),
    "The connection of {plugin} doesn't work": (
        "Die Verbindung von {plugin} funktioniert nicht",
        "La conexión de {plugin} no funciona",
        "La connexion de {plugin} ne fonctionne pas",
    ),
    "{plugin} sends no e-mail at present": (
        "{plugin} verschickt zurzeit keine E-Mails",
        "{plugin} no envía correos en este momento",
        "{plugin} n’envoie pas d’e-mails pour le moment",
    ),
    "Receivers may no longer believe mail from {domain}": (
        "Empfänger glauben E-Mails von {domain} vielleicht nicht mehr",
        "Puede que ya no se confíe en los correos de {domain}",
        "Les e-mails de {domain} risquent de ne plus être crus",
    ),
    "Four fifths of your plan are used: {quota}": (
        "Vier Fünftel Ihres Tarifs sind verbraucht: {quota}",
        "Ha usado cuatro quintos de su plan: {quota}",
        "Les quatre cinquièmes de votre offre sont utilisés : {quota}",
    ),
    "Your plan allows no more: {quota}": (
        "Ihr Tarif lässt nicht mehr zu: {quota}",
        "Su plan no permite más: {quota}",
        "Votre offre ne permet pas davantage : {quota}",
    ),
    "{used} of {limit}": (
        "{used} von {limit}",
        "{used} de {limit}",
        "{used} sur {limit}",
    ),
    "An e-mail came in that belongs to nobody yet": (
        "Eine E-Mail kam an, die noch niemandem gehört",
        "Ha llegado un correo que aún no es de nadie",
        "Un e-mail est arrivé qui n’appartient encore à personne",
    ),
    "{count} e-mails came in that belong to nobody yet": (
        "{count} E-Mails kamen an, die noch niemandem gehören",
        "Han llegado {count} correos que aún no son de nadie",
        "{count} e-mails sont arrivés qui n’appartiennent encore à personne",
    ),
    "{candidate} answered": (
        "{candidate} hat geantwortet",
        "{candidate} ha respondido",
        "{candidate} a répondu",
    ),
    "{candidate} waits for an answer": (
        "{candidate} wartet auf eine Antwort",
        "{candidate} espera una respuesta",
        "{candidate} attend une réponse",
    ),
    "{count} candidates wait for an answer": (
        "{count} Kandidaten warten auf eine Antwort",
        "{count} candidatos esperan una respuesta",
        "{count} candidats attendent une réponse",
    ),
    "{candidate} answered {count} times": (
        "{candidate} hat {count}-mal geantwortet",
        "{candidate} ha respondido {count} veces",
        "{candidate} a répondu {count} fois",
    ),
    "Something happened": (
        "Etwas ist geschehen",
        "Ha ocurrido algo",
        "Il s’est passé quelque chose",
    ),
    "Somebody": (
        "Jemand",
        "Alguien",
        "Quelqu’un",
    ),
    "{candidate} was assigned": (
        "{candidate} wurde zugeteilt",
        "Se ha asignado a {candidate}",
        "{candidate} a été attribué(e)",
    ),
    "{count} candidates were assigned": (
        "{count} Kandidaten wurden zugeteilt",
        "Se ha asignado a {count} candidatos",
        "{count} candidats ont été attribués",
    ),
    "{actor} mentioned a colleague in a note on {candidate}": (
        "{actor} hat jemanden vom Team in einer Notiz zu {candidate} erwähnt",
        "{actor} ha mencionado a alguien del equipo en una nota sobre {candidate}",
        "{actor} a mentionné un collègue dans une note sur {candidate}",
    ),
    "An import has ended": (
        "Ein Import ist beendet",
        "Una importación ha terminado",
        "Une importation est terminée",
    ),
    "Bulk rejections took effect": (
        "Die gesammelten Absagen sind wirksam",
        "Los descartes en grupo ya son efectivos",
        "Les refus groupés ont pris effet",
    ),
    "For {members}.": (
        "Für {members}.",
        "Para {members}.",
        "Pour {members}.",
    ),
    "Not looked at for {hours} h: {members}.": (
        "Seit {hours} Std. nicht angesehen: {members}.",
        "Sin mirar desde hace {hours} h: {members}.",
        "Pas regardé depuis {hours} h : {members}.",
    ),
    "{job}": (
        "{job}",
        "{job}",
        "{job}",
    ),
    "{candidate}: {text}": (
        "{candidate}: {text}",
        "{candidate}: {text}",
        "{candidate} : {text}",
    ),
}


def in_language(sentence: str, language: str) -> str:
    """Return a sentence in a language of mails; one that isn't translated stays in English."""
    translated = _SENTENCES.get(sentence)
    if translated is None or language not in _LANGUAGES:
        return sentence
    return translated[_LANGUAGES.index(language)]


def language_there(locale: str) -> str:
    """Return the language of a BCP 47 tag if sentences are there in it, else English."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in _LANGUAGES else "en"


def is_translated(sentence: str) -> bool:
    """Whether a sentence is there in every language."""
    return not sentence or sentence in _SENTENCES
