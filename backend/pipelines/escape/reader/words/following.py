"""Words of a question that refines the one before it: warmer, closer, the day after, instead. Data only.

They are read before the words of all questions, and only where there is a question before.
"""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

ENGLISH: Table = {
    "step": {
        1: "warmer | hotter | more heat | more warmth | sunnier | milder than that",
        -1: "colder | cooler | chillier | fresher | frostier",
    },
    "little": {"": "a bit | a little | a little bit | slightly | a touch | a tad | somewhat | a bit more"},
    "much": {"": "much | a lot | lots | way | far | considerably | quite a bit | much more"},
    "notso": {"": "not so | not that | not as | not quite so | not quite as | less | not quite that"},
    "reach": {
        -1: (
            "shorter | shorter flight | shorter flights | a shorter flight | closer | nearer | less far | not so far"
            " | not that far | not as far | quicker | less flying | shorter flying time | too far | too far away"
            " | too long | too long a flight | closer to home"
        ),
        1: (
            "longer | longer flight | longer flights | a longer flight | further | farther | further away"
            " | farther away | further afield | more distant"
        ),
    },
    "adjust": {1: "more | longer | extra", -1: "less | fewer | shorter"},
    "dayshift": {
        1: (
            "the day after | the day after that | next day | the next day | the following day | a day later | day later"
            " | one day later"
        ),
        -1: "the day before | the day before that | a day earlier | one day earlier | a day sooner | the previous day",
        7: "a week later | one week later | the week after | the week after that | the following week | a week after",
        -7: "a week earlier | one week earlier | the week before | a week before",
    },
    "weekendafter": {"": "the weekend after | the following weekend | weekend after | the weekend after that"},
    "later": {1: "later", -1: "earlier | sooner"},
    "thats": {"": "that's | thats | that is | it was | they are | they're | those are | these are"},
    "insteadof": {"": "instead of | rather than | in place of"},
    "anyelse": {"": "anything else | something else | any other weather | somewhere else"},
    "refers": {
        "": (
            "instead | same | the same | same again | same thing | same trip | as before | again | what about"
            " | how about | and what | and if | make it | change it to | change to | rather | keep | still | try"
            " | what if"
        ),
    },
    "fresh": {
        "": (
            "new question | start over | start again | start afresh | forget that | forget it | forget everything"
            " | forget all that | from scratch | something completely different | reset | new search | another question"
        ),
    },
}
SPANISH: Table = {
    "step": {
        1: "más cálido | más cálida | más caliente | más calor | más caluroso | más calorcito | más sol",
        -1: "más frío | más fría | más fresco | más fresca | más fresquito",
    },
    "little": {"": "un poco | un poquito | algo | ligeramente"},
    "much": {"": "mucho | bastante"},
    "notso": {"": "no tan | no tanto | menos | un poco menos | algo menos"},
    "reach": {
        -1: (
            "más corto | más cortos | más corta | un vuelo más corto | vuelo más corto | vuelos más cortos | más cerca"
            " | más cercano | menos lejos | no tan lejos | menos horas | menos vuelo | demasiado lejos | muy lejos"
            " | demasiado largo | muy largo"
        ),
        1: "más largo | más largos | vuelo más largo | vuelos más largos | más lejos | más lejano",
    },
    "adjust": {1: "más", -1: "menos"},
    "dayshift": {
        1: (
            "al día siguiente | el día siguiente | un día después | un día más tarde | el día después | día siguiente"
            " | al otro día"
        ),
        -1: "el día antes | el día anterior | un día antes | la víspera",
        7: "una semana después | una semana más tarde | la semana siguiente | la semana después",
        -7: "una semana antes | la semana anterior",
    },
    "weekendafter": {"": "el fin de semana siguiente | el finde siguiente | el siguiente fin de semana"},
    "later": {1: "después | más tarde", -1: "antes | más temprano | más pronto"},
    "insteadof": {"": "en vez de | en vez del | en lugar de | en lugar del"},
    "anyelse": {"": "otra cosa | cualquier otra cosa | algo diferente | otro sitio"},
    "refers": {
        "": (
            "en su lugar | mejor | en cambio | lo mismo | igual | otra vez | y si | qué tal | cambia | como antes"
            " | de nuevo | prueba | mismo"
        ),
    },
    "fresh": {
        "": (
            "nueva pregunta | otra pregunta | empecemos de nuevo | empezar de nuevo | empieza de nuevo | olvida eso"
            " | olvídalo | olvida todo | desde cero | de cero | borrón y cuenta nueva | nueva búsqueda"
        ),
    },
}
GERMAN: Table = {
    "step": {
        1: "wärmer | heißer | mehr wärme | mehr hitze | mehr sonne | sonniger",
        -1: "kälter | kühler | frischer",
    },
    "little": {"": "etwas | ein bisschen | bisschen | ein wenig | leicht | ein klein wenig"},
    "much": {"": "viel | deutlich | wesentlich | erheblich"},
    "notso": {"": "nicht so | weniger | nicht ganz so | nicht mehr so | etwas weniger | nicht derart"},
    "reach": {
        -1: (
            "kürzer | kürzere | kürzeren flug | kürzerer flug | kürzere flüge | kürzere flugzeit | näher | näher dran"
            " | nicht so weit | nicht so lange | nicht so lang | weniger weit | zu weit | zu weit weg | zu lang"
            " | zu lange"
        ),
        1: "länger | längere | längeren flug | längerer flug | längere flüge | weiter | weiter weg | ferner",
    },
    "adjust": {1: "mehr | länger", -1: "weniger | kürzer"},
    "dayshift": {
        1: "einen tag später | am tag danach | am nächsten tag | am tag darauf | tags darauf | am folgenden tag",
        -1: "einen tag früher | am tag davor | am vortag | einen tag vorher | einen tag eher",
        7: "eine woche später | in der woche danach | die woche darauf | eine woche danach",
        -7: "eine woche früher | in der woche davor | eine woche eher",
    },
    "weekendafter": {"": "das wochenende danach | am wochenende danach | am wochenende darauf | das wochenende darauf"},
    "later": {1: "später", -1: "früher | eher"},
    "insteadof": {"": "statt | anstatt | anstelle von | an stelle von"},
    "anyelse": {"": "etwas anderes | was anderes | irgendwas anderes | anderes wetter | woanders"},
    "refers": {
        "": (
            "stattdessen | lieber | doch lieber | dasselbe | das gleiche | das selbe | gleiches | nochmal | noch mal"
            " | noch einmal | und wenn | wie wäre | wie wärs | wie wär's | ändere | wie vorher | wie zuvor | besser"
        ),
    },
    "fresh": {
        "": (
            "neue frage | andere frage | von vorn | von vorne | vergiss das | vergiss es | vergiss alles"
            " | ganz was anderes | etwas ganz anderes | neue suche | neuer versuch"
        ),
    },
}
FRENCH: Table = {
    "step": {
        1: "plus chaud | plus chaude | plus chauds | plus de chaleur | plus de soleil",
        -1: "plus froid | plus froide | plus frais | plus fraîche | plus de fraîcheur",
    },
    "little": {"": "un peu | un petit peu | légèrement"},
    "much": {"": "beaucoup | bien | nettement"},
    "notso": {"": "pas si | pas aussi | moins | un peu moins | pas tellement"},
    "reach": {
        -1: (
            "plus court | plus courts | plus courte | un vol plus court | vol plus court | vols plus courts | plus près"
            " | plus proche | moins loin | pas si loin | pas aussi loin | trop loin | trop long | trop longtemps"
        ),
        1: "plus long | plus longs | plus longue | vol plus long | vols plus longs | plus loin | plus éloigné",
    },
    "adjust": {1: "de plus | en plus", -1: "de moins | en moins"},
    "dayshift": {
        1: "le lendemain | le jour suivant | le jour d'après | un jour plus tard | un jour après | lendemain",
        -1: "la veille | le jour d'avant | le jour avant | un jour plus tôt | un jour avant",
        7: "une semaine plus tard | la semaine suivante | la semaine d'après | une semaine après",
        -7: "une semaine plus tôt | la semaine d'avant | une semaine avant",
    },
    "weekendafter": {"": "le week-end suivant | le weekend suivant | le week-end d'après | le weekend d'après"},
    "later": {1: "plus tard | après", -1: "plus tôt | avant"},
    "insteadof": {"": "au lieu de | au lieu du | au lieu d' | à la place de | plutôt que"},
    "anyelse": {"": "autre chose | n'importe quoi d'autre | ailleurs"},
    "refers": {
        "": (
            "plutôt | à la place | pareil | la même chose | le même | la même | encore | et si | change | comme avant"
            " | à nouveau | de nouveau | même chose | essaie"
        ),
    },
    "fresh": {
        "": (
            "nouvelle question | autre question | oublie ça | oublie tout | oubliez ça | recommence | recommençons"
            " | repartons de zéro | de zéro | rien à voir | nouvelle recherche"
        ),
    },
}
TABLES = (ENGLISH, SPANISH, GERMAN, FRENCH)
