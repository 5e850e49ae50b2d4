"""Invented news for the tests of stories: each event told by two groups in their own words."""

import pytest

EVENTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "velorution": (
        (
            "Vélorution à Montreuil le 12 décembre",
            "Grande vélorution au départ de Croix-de-Chavaux samedi 12 décembre contre la "
            "suppression de la piste cyclable de la rue Étienne-Marcel. Venez avec vos sonnettes.",
        ),
        (
            "Suppression de la piste Étienne-Marcel : les cyclistes ripostent",
            "Les usagers du vélo se donnent rendez-vous le 12 décembre à Croix-de-Chavaux pour "
            "une vélorution. La mairie de Montreuil promet un itinéraire de remplacement.",
        ),
    ),
    "piscine": (
        (
            "La piscine Marlène-Peratou ferme six mois",
            "À Aubervilliers, la piscine Marlène-Peratou ferme jusqu'en juin : une panne de "
            "chaudière a eu raison du bassin. Les clubs cherchent des créneaux à La Courneuve.",
        ),
        (
            "Aubervilliers : bassin fermé, les nageurs protestent",
            "Une chaudière hors d'usage prive les habitants de la piscine Marlène-Peratou pour "
            "six mois. Les clubs de natation demandent des créneaux dans les villes voisines.",
        ),
    ),
    "tour": (
        (
            "Tour Obélisque : le permis annulé",
            "Le tribunal administratif de Cergy a annulé mardi le permis de la tour Obélisque à "
            "Épinay. L'association Épinay respire, qui avait déposé le recours, salue la décision.",
        ),
        (
            "Épinay respire gagne contre la tour",
            "Victoire : les juges de Cergy donnent raison aux riverains d'Épinay et retirent son "
            "permis à la tour Obélisque, jugée trop haute. Le promoteur peut faire appel.",
        ),
    ),
    "cantine": (
        (
            "Grève dans les cantines de Bagnolet",
            "Les agentes des cantines de Bagnolet sont en grève depuis lundi contre la réforme de "
            "leurs horaires. Neuf écoles sur douze servent des pique-niques.",
        ),
        (
            "Bagnolet : neuf écoles sans repas chaud",
            "Horaires réformés, colère en cuisine : depuis lundi, les agentes de restauration de "
            "Bagnolet ont posé leur tablier. Des pique-niques remplacent les repas.",
        ),
    ),
    "jardin": (
        (
            "Sauvons le jardin des Gouttes d'eau",
            "Le jardin partagé des Gouttes d'eau, à Gennevilliers, est menacé par un parking. "
            "Une pétition a réuni 1 400 signatures en une semaine ; rassemblement le 5 mars.",
        ),
        (
            "Un parking à la place du jardin ? 1 400 signatures",
            "À Gennevilliers, les jardiniers des Gouttes d'eau refusent de céder leur terrain à un "
            "parking et appellent à se rassembler le 5 mars devant la mairie.",
        ),
    ),
    "hopital": (
        (
            "Maternité : la fermeture de Saint-Vorles repoussée",
            "L'agence régionale de santé repousse d'un an la fermeture de la maternité "
            "Saint-Vorles à Ivry. Le comité de défense y voit un premier recul et maintient la "
            "marche du 20 mai.",
        ),
        (
            "Saint-Vorles gagne un an",
            "La maternité d'Ivry ne fermera pas cette année, annonce l'agence régionale de santé. "
            "Pour le comité de défense de Saint-Vorles, la marche du 20 mai aura bien lieu.",
        ),
    ),
    "budget": (
        (
            "Budget participatif de Pantin : onze lauréats",
            "Onze projets sont lauréats du budget participatif de Pantin, dont une pergola solaire "
            "au parc Stalingrad et une recyclerie de jouets. 3 212 votants cette année.",
        ),
        (
            "Une pergola solaire pour le parc Stalingrad",
            "Avec 3 212 votants, le budget participatif pantinois retient onze lauréats : la "
            "recyclerie de jouets arrive en tête devant la pergola solaire du parc Stalingrad.",
        ),
    ),
    "bibliotheque": (
        (
            "La bibliothèque Elsa-Triolet ouvre le dimanche",
            "À partir du 4 octobre, la bibliothèque Elsa-Triolet de Bobigny ouvre le dimanche de "
            "14 h à 18 h. Au programme de la première journée : contes kabyles et goûter.",
        ),
        (
            "Bobigny lit aussi le dimanche",
            "Contes kabyles et goûter le 4 octobre pour fêter les nouveaux horaires de la "
            "bibliothèque Elsa-Triolet, désormais ouverte chaque dimanche après-midi.",
        ),
    ),
}
"""Two tellings of each event. The next list holds look-alikes that are other events."""

LOOKALIKES: list[tuple[tuple[str, str], tuple[str, str]]] = [
    (
        (
            "Vide-grenier du quartier des Coteaux",
            "Le vide-grenier des Coteaux a lieu dimanche 3 mai de 8 h à 18 h, place du marché. "
            "Inscriptions au centre social, 5 euros le mètre.",
        ),
        (
            "Vide-grenier du quartier des Coteaux",
            "Le vide-grenier des Coteaux revient dimanche 6 septembre, place du marché. "
            "Inscriptions au centre social dès le 1er juillet.",
        ),
    ),
    (
        (
            "Réunion publique sur le plan local d'urbanisme à Stains",
            "La mairie de Stains présente le plan local d'urbanisme jeudi à 19 h, salle des fêtes. "
            "Les habitants pourront déposer leurs remarques au registre.",
        ),
        (
            "Réunion publique sur le plan vélo à Sevran",
            "La mairie de Sevran présente son plan vélo jeudi à 19 h, salle des fêtes. Les "
            "habitants pourront donner leur avis sur les itinéraires.",
        ),
    ),
    (
        (
            "Atelier de réparation de vélos samedi",
            "Notre atelier de réparation ouvre samedi de 14 h à 18 h : outils et conseils pour "
            "réparer soi-même son vélo, prix libre.",
        ),
        (
            "Atelier de réparation d'ordinateurs samedi",
            "Notre atelier de réparation ouvre samedi de 10 h à 13 h : outils et conseils pour "
            "remettre en marche un vieil ordinateur avec Linux.",
        ),
    ),
]


@pytest.fixture
def events() -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
    """Two tellings (title, text) of each event."""
    return EVENTS


@pytest.fixture
def lookalikes() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs (title, text) that are alike and yet two events."""
    return LOOKALIKES
