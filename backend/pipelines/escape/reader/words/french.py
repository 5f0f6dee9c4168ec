"""French: phrases and their tags. Data only; see `grammar.Table` for the shape."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "offset": {
        0: (
            "aujourd'hui | ce soir | cette nuit | cet après-midi | ce matin | tout de suite"
            " | dès que possible | au plus vite | immédiatement | le plus tôt possible"
        ),
        1: "demain",
        2: "après-demain",
    },
    "now": {"": "maintenant"},
    "soon": {"": "bientôt | ces jours-ci | dans les prochains jours | cette semaine | prochainement"},
    "daypart": {
        "": (
            "matin | le matin | au matin | après-midi | l'après-midi | soir | le soir | nuit | la nuit"
            " | midi | à midi | dans la soirée | dans la matinée | tôt | en soirée | en matinée"
        ),
    },
    "weekday": {
        0: "lundi | lundis",
        1: "mardi | mardis",
        2: "mercredi",
        3: "jeudi",
        4: "vendredi",
        5: "samedi | samedis",
        6: "dimanche | dimanches",
    },
    # Only before a date: "ven 27/11".
    "dateday": {0: "lun", 1: "mar", 2: "mer", 3: "jeu", 4: "ven", 5: "sam", 6: "dim"},
    "on": {"": "le | du | pour le | dès le"},
    "this": {"": "ce | cet"},
    "next": {"": "prochain | le prochain"},
    "coming": {"": "qui vient"},
    "last": {"": "dernier | passé"},
    "weekend": {"": "week-end | weekend | fin de semaine | ce we | le we"},
    "nextweek": {"": "semaine prochaine | la semaine prochaine | la semaine qui vient | semaine suivante"},
    "nextmonth": {"": "mois prochain | le mois prochain"},
    "month": {
        1: "janvier",
        2: "février",
        4: "avril",
        5: "mai",
        6: "juin",
        7: "juillet",
        8: "août",
        9: "septembre",
        10: "octobre",
        11: "novembre",
        12: "décembre",
    },
    "softmonth": {
        1: "janv",
        2: "févr",
        3: "mars",
        7: "juil",
        12: "déc",
    },
    "part": {
        5: "début",
        15: "mi",
        25: "fin",
    },
    "holiday": {
        "12-24": "réveillon de noël",
        "12-25": "noël",
        "12-31": "saint-sylvestre | réveillon",
        "1-1": "jour de l'an | nouvel an",
        "7-14": "fête nationale",
    },
    "in": {"": "en | dans | d'ici | dans les | dans environ | dans les prochaines"},
    "days": {
        1: "jour | jours",
        7: "semaine | semaines",
        30: "mois",
        15: "quinzaine | quinzaine de jours",
    },
    "nights": {"": "nuit | nuits | nuitées"},
    "back": {"": "revenir | rentrer | jusqu'à | jusqu'au | retour | retour le | jusque"},
    "to": {"": "à | au | jusqu'à | jusqu'au | vers"},
    "and": {"": "et"},
    "or": {"": "ou"},
    "between": {"": "entre | de | du"},
    "ordinal": {"": "er | ère"},
    "of": {"": "de | d | du | des"},
    "article": {"": "le | la | les | l | un | une | du | des | cette | ce | mon | ma | mes"},
    "number": {
        0: "zéro",
        1: "un | une",
        2: "deux | une paire de",
        3: "trois | quelques",
        4: "quatre",
        5: "cinq",
        6: "six",
        7: "sept",
        8: "huit",
        9: "neuf",
        10: "dix",
        11: "onze",
        12: "douze",
        14: "quatorze",
        15: "quinze",
        20: "vingt",
        25: "vingt-cinq",
        30: "trente",
        40: "quarante",
        45: "quarante-cinq",
        60: "soixante",
        90: "quatre-vingt-dix",
        100: "cent",
    },
    "hours": {"": "heure | heures"},
    "minutes": {"": "minute | minutes | mn"},
    "plushalf": {0.5: "et demie | et demi", 0.25: "et quart"},
    "half": {
        0.5: "demi | une demi | demie | une demie",
        0.25: "un quart d",
        0.75: "trois quarts d",
    },
    "atmost": {
        "": (
            "moins de | maximale de | maximale | maximum | maxi | max | au maximum | au plus | tout au plus"
            " | pas plus de | jusqu'à | sous | à moins de | en moins de | inférieur à | ou moins"
            " | un maximum de | en dessous de | grand maximum | pas plus que | ne dépasse pas"
            " | au-dessous de"
        ),
    },
    "atleast": {
        "": (
            "au moins | minimale de | minimale | plus de | minimum | au minimum | mini | un minimum de"
            " | à partir de | au-dessus de | supérieur à | ou plus | pas moins de | minimum de"
        ),
    },
    "around": {"": "environ | autour de | à peu près | dans les"},
    "haul": {
        3: (
            "vol court | vols courts | court-courrier | court courrier | petit vol | près | près de"
            " | pas loin | pas trop loin | pas très loin | à proximité | à côté | un vol court | à côté de"
        ),
        6: (
            "moyen-courrier | moyen courrier | vol pas trop long | vol pas très long | vol pas long"
            " | pas de long vol | pas de vol long | pas de long-courrier"
        ),
        24: (
            "long-courrier | long courrier | vol long | peu importe la distance | n'importe quelle distance"
            " | distance sans importance | sans limite de temps | sans limite d'heures"
        ),
    },
    "leave": {"": "partir | pars | partons | partant | décoller | décolle | je pars | m'envoler"},
    "at": {"": "vers | après | avant | dès"},
    "ata": {"": "à"},
    "oclock": {"": "heures du matin | heures du soir | heures de l'après-midi | h du matin | h du soir"},
    "degrees": {
        "?": "degrés | degré",
        "c": "degrés celsius",
        "f": "degrés fahrenheit",
    },
    "plus": {"": "plus"},
    "minus": {"": "moins"},
    "belowzero": {
        "": "sous zéro | en dessous de zéro | moins de zéro | au-dessous de zéro | températures négatives",
    },
    "weather": {
        "hot": (
            "chaud | chaude | chauds | chaudes | chaleur | la chaleur | tropical | tropicale | caniculaire"
            " | canicule | la canicule"
        ),
        "cold": (
            "froid | froide | froids | froides | le froid | frais | fraîche | fraîcheur | glacial | glacé"
            " | gel | la fraîcheur | froidure"
        ),
        "normal": (
            "doux | douce | tempéré | tempérée | agréable | modéré | temps doux | température agréable"
            " | douceur | températures douces | printanier | ni chaud ni froid | ni froid ni chaud"
        ),
    },
    "activity": {
        "hot": (
            "plage | plages | la plage | baignade | me baigner | nous baigner | se baigner | bronzer"
            " | bronzette | nager | palmiers | cocotiers | maillot de bain"
        ),
        "cold": (
            "neige | la neige | de la neige | ski | skier | faire du ski | aurores boréales"
            " | enneigé | enneigée | enneigés | enneigées"
            " | aurore boréale | raquettes | sports d'hiver | luge | marché de noël"
        ),
    },
    "soft": {
        "hot": "soleil | ensoleillé | ensoleillée | été | estival | le soleil | du soleil",
        "cold": "hiver | l'hiver",
    },
    "anyweather": {
        "": (
            "peu importe la météo | peu importe le temps | n'importe quel temps | quelle que soit la météo"
            " | quel que soit le temps | la météo importe peu | peu importe la température"
        ),
    },
    "escape": {
        "": (
            "fuir | échapper à | échapper au | m'échapper de | loin de | loin du | marre de | marre du"
            " | assez de | assez du | ras le bol de | ras le bol du | éviter | quitter | au lieu de"
            " | m'évader de | m'évader du | j'en peux plus du | j'en peux plus de | n'en peux plus du"
            " | n'en peux plus de | je déteste | fatigué de | fatigué du | fatiguée du | sortir de"
            " | ne supporte plus | ne supporte pas | fuyant"
        ),
    },
    "not": {"": "pas | ni | sans | pas de | jamais | ne pas | aucun | aucune | rien | pas du"},
    "nor": {"": "ni | ou | et pas"},
    "too": {"": "trop | bien trop | beaucoup trop | tellement"},
    "here": {"": "ici | chez moi | chez nous | par ici"},
    "its": {"": "il fait | fait | il y fait"},
    "where": {"": "où | si | que | pourvu qu"},
    "tolerate": {"": "peu m'importe"},
    "neutral": {"": "j'habite près de | j'habite près d | village près de | village près d"},
    "but": {"": "mais | plutôt"},
    "people": {"": "personnes | personne | adultes | enfants | voyageurs | passagers | amis | billets"},
    "bags": {"": "valises | valise | bagages | bagage | sacs"},
    "companion": {
        "": (
            "chien | chienne | chat | femme | mari | copine | copain | conjoint | enfants | enfant"
            " | famille | amis | parents | bébé | fils | fille"
        ),
    },
    "with": {"": "avec | mon | ma | mes"},
    "for": {"": "pour | pendant | durant"},
    "extra": {
        "": (
            "pas cher | bon marché | pas chère | économique | pluvieux | vent | nuageux | hôtel"
            " | aller-retour | aller retour | aller simple | beau temps | printemps | automne | luxe"
            " | en voiture | en train | sec | montagne | mer | la mer | à la mer | côte | dernière minute"
            " | vol direct | romantique | il fait beau | musées"
        ),
        "rain": (
            "de la pluie | la pluie | pluvieux | il pleut | pleut | pluie | mauvais temps | moche | il fait moche"
        ),
    },
    "from": {
        "": (
            "depuis | au départ de | au départ d | au départ du | départ de | départ | partant de"
            " | partant d | en partant de | en partant d | je pars de | je pars d | nous partons de"
            " | on part de | on part d | je suis à | nous sommes à | on est à | j'habite | j'habite près de"
            " | j'habite près d | j'habite à | j'habite au | nous habitons à | on habite à | je vis à"
            " | nous vivons à | partir de | partir d | décollage de | je suis au | je décolle de"
            " | à partir de | basé à | je me trouve à | quitter | je quitte | suis à | vol de | vol depuis"
            " | départ d | jsuis à | chuis à | village près de | village près d | je suis en ce moment à | décollant de"
        ),
    },
    "native": {"": "je viens de | je viens d"},
    "away": {"": "loin de | loin d | m'échapper de"},
    "airport": {"": "aéroport"},
    "airportof": {"": "aéroport de | aéroport d | l'aéroport de | aéroport | l'aéroport d"},
    "somewhere": {"": "quelque part | n'importe où | un endroit | un lieu | n importe ou"},
}
