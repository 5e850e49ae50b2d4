"""The words of imports and of lists that are followed, in French and English. Data only."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "sheet_empty": ("Ce fichier est vide.", "This file is empty."),
    "sheet_large": (
        "Ce fichier est trop lourd : {most} octets au plus.",
        "This file is too large: {most} bytes at most.",
    ),
    "sheet_long": ("Ce tableau a plus de {most} lignes.", "This table has over {most} rows."),
    "sheet_wide": (
        "Ce tableau a plus de {most} colonnes.",
        "This table has over {most} columns.",
    ),
    "sheet_broken": (
        "Ce tableau ne peut pas être lu à la ligne {line} : vérifiez les guillemets.",
        "This table cannot be read at line {line}: check the quotes.",
    ),
    "sheet_workbook": (
        "C’est un classeur : enregistrez-le en CSV.",
        "This is a workbook: save it as CSV.",
    ),
    "sheet_binary": ("Ce fichier n’est pas du texte.", "This file is not text."),
    "sheet_column_twice": (
        "La colonne « {column} » y est deux fois.",
        "The column “{column}” is in it twice.",
    ),
    "unknown_column": (
        "La colonne « {column} » n’est pas connue.",
        "The column “{column}” is not known.",
    ),
    "list_unknown": (
        "Ce fichier n’est ni un export Kumu, ni une liste GoGoCarto, ni un tableau, ni un OPML.",
        "This file is neither a Kumu export, nor a GoGoCarto list, nor a table, nor an OPML.",
    ),
    "list_large": (
        "Ce fichier est trop lourd : {most} Mo au plus.",
        "This file is too large: {most} MB at most.",
    ),
    "list_long": (
        "Cette liste a plus de {most} groupes.",
        "This list has over {most} groups.",
    ),
    "list_broken": ("Ce fichier JSON ne peut pas être lu.", "This JSON file cannot be read."),
    "list_connections": (
        "C’est une feuille de liens : donnez la feuille des éléments.",
        "This is a sheet of connections: give the sheet of elements.",
    ),
    "missing_home": ("Sans site, un groupe ne peut pas être suivi.", "A group needs a site."),
    "plan_new": ("serait ajouté", "would be added"),
    "plan_changed": ("changerait", "would change"),
    "plan_same": ("est déjà ainsi", "is so already"),
    "plan_left": ("est parti ou décliné : ne revient pas", "left or declined: does not return"),
    "plan_unusable": ("ne peut pas être repris", "cannot be taken"),
    "list_no_connections": (
        "La seconde feuille n’est pas une feuille de liens (colonnes From et To).",
        "The second sheet is no sheet of connections (columns From and To).",
    ),
    "no_bounds": (
        "« {bounds} » n’est pas un cadre : ouest, sud, est, nord en degrés.",
        "“{bounds}” is no box: west, south, east, north in degrees.",
    ),
    "own_list": (
        "C’est notre propre liste : la suivre ne mènerait à rien.",
        "This is our own list: following it would lead nowhere.",
    ),
    "already_mirrored": (
        "Cette adresse est déjà suivie : {name}.",
        "This address is followed already: {name}.",
    ),
    "follow_needs_rhythm": (
        "Un miroir se relit : choisissez chaque jour ou chaque semaine.",
        "A mirror is read again: choose every day or every week.",
    ),
    "follow_needs_terms": (
        "Un miroir demande une licence, et l’accord de celles et ceux qui tiennent la liste à la "
        "charte (version {version}).",
        "A mirror needs a licence, and those who keep the list to accept the charter (version "
        "{version}).",
    ),
    "nothing_shown": (
        "Il n’y a rien à accepter : la liste n’a pas été lue, ou une autre personne a décidé.",
        "There is nothing to agree to: the list was not read, or somebody else decided.",
    ),
    "charter_needed": (
        "Lisez la charte (version {version}) et acceptez-la : elle vous engage, et nous aussi.",
        "Read the charter (version {version}) and accept it: it binds you, and us too.",
    ),
    "sudden_list": (
        "Cette liste a perdu ou changé presque tout d’un coup : rien n’a changé ici de soi-même, "
        "{count} propositions attendent une personne.",
        "This list lost or changed almost everything at once: nothing changed here by itself, "
        "{count} proposals wait for a person.",
    ),
    # Why something passed by itself.
    "mirrored": (
        "Accepté de lui-même : la liste dont vient ce groupe est suivie en tout.",
        "Passed by itself: the list that this group comes from is followed in everything.",
    ),
    # What would become of a record, one by one and counted.
    "plan_gone": ("n’y est plus", "is no longer there"),
    "plan_kept": ("reste comme ici", "stays as here"),
    "plan_waiting": ("attend déjà une décision", "waits for a decision already"),
    "plan_refused": ("a été refusé ici", "was refused here"),
    "plan_ours": ("vient d’ici", "comes from here"),
    "plan_twice": ("y est déjà sous un autre nom", "is in the list twice"),
    "planned_twice": ("deux fois dans la liste", "twice in the list"),
    "planned_new": ("à ajouter", "to add"),
    "planned_changed": ("à changer", "to change"),
    "planned_gone": ("plus dans la liste", "no longer in the list"),
    "planned_same": ("déjà ainsi", "so already"),
    "planned_kept": ("laissé comme ici", "left as here"),
    "planned_waiting": ("déjà proposé", "proposed already"),
    "planned_left": ("parti ou décliné, ne revient pas", "left or declined, not back"),
    "planned_refused": ("refusé ici auparavant", "refused here before"),
    "planned_ours": ("venu d’ici", "comes from here"),
    "planned_unusable": ("inutilisable", "not to be used"),
    # Lists that are followed.
    "mirror_asked": ("à lire", "to be read"),
    "mirror_shown": ("attend votre accord", "waits for your agreement"),
    "mirror_active": ("suivie", "followed"),
    "mirror_paused": ("en pause", "paused"),
    "mirror_ended": ("terminée", "ended"),
    "mode_follow": ("en miroir", "as a mirror"),
    "mode_respect": ("en proposant", "by proposals"),
    "rhythm_once": ("une seule fois", "once"),
    "rhythm_daily": ("chaque jour", "every day"),
    "rhythm_weekly": ("chaque semaine", "every week"),
}
