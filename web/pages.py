"""Pages about the portal itself: what it is, its rules, what it keeps, who answers for it."""

from __future__ import annotations

from flask import Blueprint, render_template

from aggregator.registry import charter as charters
from aggregator.store import directory, suppressions
from aggregator.taxonomy import terms
from web import current

blueprint = Blueprint("pages", __name__)


@blueprint.get("/a-propos")
def about() -> str:
    """Where the portal comes from, and how it works."""
    return render_template(
        "pages/about.html",
        groups=directory.total(current.session()),
        objectives=terms.terms("objective"),
        skills=terms.terms("skill"),
        kinds=terms.terms("kind"),
    )


@blueprint.get("/regles")
def rules() -> str:
    """What is shown, in which order, and how much of it."""
    return render_template("pages/rules.html", left=suppressions.departures(current.session()))


@blueprint.get("/charte")
def charter() -> str:
    """What groups and those who keep lists accept, and what they are promised."""
    return render_template(
        "pages/charter.html", version=charters.VERSION, licence_url=charters.LICENCE_URL
    )


@blueprint.get("/vie-privee")
def privacy() -> str:
    """What is kept about people, why, and for how long."""
    return render_template("pages/privacy.html")


@blueprint.get("/accessibilite")
def accessibility() -> str:
    """The accessibility statement (RGAA 4.1, WCAG 2.2)."""
    return render_template("pages/accessibility.html")


@blueprint.get("/mentions-legales")
def legal() -> str:
    """Who publishes, who hosts, what the law asks to be said."""
    return render_template("pages/legal.html")


@blueprint.get("/hors-ligne")
def offline() -> str:
    """What an installed portal shows without a network."""
    return render_template("pages/offline.html")
