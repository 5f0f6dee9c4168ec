"""German: phrases and their tags. Data only; see `grammar.Table` for the shape."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "offset": {
        -1: "gestern",
        0: (
            "heute | heute abend | heute nacht | heute morgen | heute früh | heute nachmittag | sofort"
            " | so bald wie möglich | so schnell wie möglich | noch heute | baldmöglichst | jetzt gleich"
            " | jetzt sofort"
        ),
        1: (
            "morgen | gleich morgen | morgen früh | morgen abend | morgen vormittag | morgen nachmittag | morgen mittag"
        ),
        2: "übermorgen",
    },
    "now": {"": "jetzt | gleich"},
    "soon": {
        "": "bald | demnächst | in den nächsten tagen | die tage | diese woche | in den kommenden tagen",
    },
    "daypart": {
        "": (
            "früh | am morgen | morgens | vormittag | vormittags | am vormittag | mittag | mittags"
            " | am mittag | nachmittag | nachmittags | am nachmittag | abend | abends | am abend | nacht"
            " | nachts | in der nacht | in der früh"
        ),
    },
    "weekday": {
        0: "montag | montags",
        1: "dienstag | dienstags",
        2: "mittwoch | mittwochs",
        3: "donnerstag | donnerstags | ab do | do bis so | do bis sa",
        4: "freitag | freitags | am fr | ab fr | fr bis so | fr bis sa | fr bis mo",
        5: "samstag | samstags | sonnabend | am sa | ab sa | sa bis so",
        6: "sonntag | sonntags",
    },
    # Only before a date: "Fr 27.11."
    "dateday": {0: "mo", 1: "di", 2: "mi", 3: "do", 4: "fr", 5: "sa", 6: "so"},
    "on": {"": "am | ab dem | zum | den"},
    "this": {"": "diesen | dieses | diesem"},
    "next": {"": "nächsten | nächster | nächstes | nächstem"},
    "coming": {"": "kommenden | kommendes | kommender | kommendem"},
    "last": {"": "letzten | letztes | letzter | vergangenen"},
    "weekend": {"": "wochenende | we-trip | übers wochenende | am we | übers we | dieses we | kommendes we"},
    "nextweek": {"": "nächste woche | kommende woche | nächster woche | kommender woche"},
    "weekafternext": {"": "übernächste woche | übernächster woche"},
    "nextmonth": {"": "nächsten monat | kommenden monat | nächster monat"},
    "month": {
        1: "januar | jänner",
        2: "februar | feber",
        3: "märz",
        4: "april",
        5: "mai",
        6: "juni",
        7: "juli",
        8: "august",
        9: "september",
        10: "oktober",
        11: "november",
        12: "dezember",
    },
    "softmonth": {10: "okt", 12: "dez"},
    "part": {
        5: "anfang",
        15: "mitte",
        25: "ende",
    },
    "holiday": {
        "12-24": "heiligabend | heilig abend",
        "12-25": "weihnachten",
        "12-31": "silvester",
        "1-1": "neujahr",
    },
    "in": {"": "in | in etwa | in rund"},
    "days": {
        1: "tag | tage | tagen",
        7: "woche | wochen",
        30: "monat | monate | monaten",
    },
    "nights": {"": "nacht | nächte | nächten | übernachtungen"},
    "ago": {"": "vor"},
    "back": {"": "bis | bis zum | zurück | zurück am | rückflug am | rückkehr am | bis einschließlich"},
    "to": {"": "bis | nach | bis zum | zu | zum"},
    "and": {"": "und | u"},
    "or": {"": "oder"},
    "between": {"": "zwischen | von"},
    "of": {"": "vom"},
    "article": {
        "": (
            "der | die | das | den | dem | des | ein | eine | einen | einem | einer | eines | meiner | meinem | meine"
        ),
    },
    "number": {
        0: "null",
        1: "ein | eine | einer | einem | einen | eins | ne | ner",
        1.5: "anderthalb | eineinhalb",
        2: "zwei | zwo",
        2.5: "zweieinhalb | zwei einhalb",
        3: "drei | ein paar | paar | einigen | wenigen",
        3.5: "dreieinhalb",
        4: "vier",
        4.5: "viereinhalb",
        5: "fünf",
        5.5: "fünfeinhalb",
        6: "sechs",
        6.5: "sechseinhalb",
        7: "sieben",
        8: "acht",
        9: "neun",
        10: "zehn",
        11: "elf",
        12: "zwölf",
        14: "vierzehn",
        15: "fünfzehn",
        20: "zwanzig",
        25: "fünfundzwanzig",
        30: "dreißig | dreissig",
        40: "vierzig",
        45: "fünfundvierzig",
        60: "sechzig",
        90: "neunzig",
    },
    "hours": {"": "stunde | stunden | std | std. | stündchen"},
    "minutes": {"": "minute | minuten"},
    "plushalf": {0.5: "und eine halbe | einhalb"},
    "half": {
        0.5: "halbe | eine halbe | halben | einer halben | halber",
        0.75: "dreiviertel | eine dreiviertel",
        0.25: "viertel | eine viertel",
    },
    "atmost": {
        "": (
            "unter | weniger als | maximal | max | max. | höchstens | bis zu | bis | nicht mehr als"
            " | nicht über | kürzer als | nicht länger als | innerhalb von | innerhalb | binnen | maximum"
            " | oder weniger | oder kälter | unterhalb von | nicht weiter als | allerhöchstens | keine"
            " | kälter als | längstens"
        ),
    },
    "atleast": {
        "": (
            "mindestens | mehr als | über | wenigstens | nicht unter | oder mehr | oder wärmer"
            " | nicht weniger als | minimum | wärmer als | heißer als | min. | länger als | aufwärts"
            " | zumindest"
        ),
    },
    "around": {"": "etwa | ungefähr | circa | ca | ca. | rund | um die | so um die"},
    "haul": {
        3: (
            "kurzstrecke | kurzer flug | kurzen flug | kurzflug | kurze flüge | in der nähe | nähe"
            " | nicht weit | nicht zu weit | nahe | nicht so weit | in der nähe von | kurzstreckenflug"
        ),
        6: (
            "mittelstrecke | nicht zu lange fliegen | nicht so lange fliegen | keine langstrecke"
            " | kein langer flug | keine langen flüge | keinen langen flug"
        ),
        24: (
            "langstrecke | langstrecke ok | langer flug ok | entfernung egal | egal wie weit"
            " | langstrecke ist ok | beliebig weit | flugzeit egal | ohne zeitlimit | kein zeitlimit"
        ),
    },
    "leave": {"": "los | abfliegen | starten | losfliegen | wegfliegen | abreisen | fliegen"},
    "at": {"": "um | gegen | nach | vor | so gegen"},
    "oclock": {"": "uhr"},
    "degrees": {
        "?": "grad",
        "c": "grad c | grad celsius",
        "f": "grad fahrenheit",
    },
    "plus": {"": "plus"},
    "minus": {"": "minus"},
    "belowzero": {
        "": "unter null | minusgrade | minusgraden | unter dem gefrierpunkt | unter null grad | unter 0",
    },
    "weather": {
        "hot": (
            "wärmste | wärmsten | wärmster | heißeste | heißesten | am wärmsten | am heißesten | wärmer"
            " | warm | warmem | heißem | warme | warmes | warmen | wärme | heiß | heiße | heißes | heißen | hitze"
            " | die hitze | tropisch | die wärme | heißer"
        ),
        "cold": (
            "kälteste | kältesten | kältester | kühlste | kühlsten | am kältesten"
            " | kalt | kaltem | kalte | kaltes | kalten | kälter | kälte | die kälte | kühl | kühle | kühles | kühler"
            " | kühlen | frost | eisig | frostig | frisch | eis | frischer | frieren | eiskalt"
        ),
        "normal": (
            "mild | milde | mildes | milder | angenehm | angenehme | angenehmes | gemäßigt | lau"
            " | angenehm warm | nicht zu heiß und nicht zu kalt | milden | normale temperaturen"
            " | frühlingshaft"
        ),
    },
    "activity": {
        "hot": (
            "strand | strände | strandurlaub | badeurlaub | baden | schwimmen | palmen | sonnenbaden"
            " | badewetter | strandwetter | sonnen | badehose | badeort"
        ),
        "cold": (
            "ski | skifahren | ski fahren | skiurlaub | schnee | snowboard | snowboarden | nordlichter"
            " | polarlichter | schlittenfahren | winterurlaub | wintersport | rodeln | weihnachtsmarkt"
        ),
    },
    "soft": {
        "hot": "sonne | sonnig | sonniges | sonnige | sommer | sommerlich | die sonne | sommerwetter",
        "cold": "winter | winterlich | den winter",
    },
    "anyweather": {
        "": (
            "wetter egal | das wetter ist egal | wetter ist egal | egal welches wetter | bei jedem wetter"
            " | das wetter ist mir egal | wetter ist mir egal | jedes wetter | temperatur egal"
            " | wetter spielt keine rolle | das wetter spielt keine rolle"
        ),
    },
    "escape": {
        "": (
            "raus aus | weg aus | weg von | weit weg von | fliehen vor | flucht vor | vermeiden | entkommen"
            " | satt | genug von | genug vom | genug | keine lust auf | hasse | fern von | statt"
            " | flüchten vor | weg vom | raus aus dem | weg mit | aus der | aus dem | die nase voll von"
            " | die nase voll vom | halte diese | halte die | halte den | halten die"
        ),
    },
    "escapepost": {
        "": (
            "entfliehen | entkommen | entgehen | entrinnen | satt | leid | hinter mir lassen | entflieh | entflüchten"
        ),
    },
    "not": {
        "": "nicht | kein | keine | keinen | keiner | ohne | nie | weder | nichts | bloß nicht | nicht so",
    },
    "nor": {"": "noch | oder | und nicht"},
    "too": {"": "zu | viel zu | allzu"},
    "here": {"": "hier | bei uns | bei mir | zuhause | zu hause | daheim"},
    "its": {"": "es ist | ist es | ist's | ist mir"},
    "where": {"": "wo | wenn | dass | falls | solange | wo es"},
    "tolerate": {"": "stört mich nicht | macht nichts"},
    "but": {"": "aber | sondern | doch | jedoch"},
    "people": {
        "": ("personen | leute | erwachsene | kinder | kindern | reisende | tickets | mann | passagiere | freunde"),
    },
    "bags": {"": "koffer | koffern | taschen | gepäckstücke | rucksäcke"},
    "money": {"": "franken"},
    "kilometres": {1: "kilometer | kilometern"},
    "companion": {
        "": (
            "hund | katze | frau | mann | freundin | freund | kinder | kindern | familie | partner"
            " | partnerin | eltern | freunden | baby | kumpels | kind"
        ),
    },
    "with": {"": "mit | mein | meine | meinem | meiner"},
    "for": {"": "für | auf"},
    "extra": {
        "": (
            "billig | billige | günstig | günstige | günstiges | preiswert | regnerisch | trocken | windig"
            " | bewölkt | direktflug | last minute | hin und zurück | gutes wetter | schönes wetter"
            " | frühling | herbst | luxus | städtereise | mit dem auto | mit dem zug | wellness | berge"
            " | meer | am meer | ans meer | küste | pauschal | besseres wetter | nordsee | ostsee"
            " | romantisch | rückflug"
        ),
        "rain": "dem regen | regnerisch | regnet | regen | schlechtes wetter | der regen",
    },
    "from": {
        "": (
            "ich in | ab | von | aus | ab dem | ich bin in | wir sind in | ich wohne in | wir wohnen in"
            " | wohne in | wohne bei | wohne nahe | wohnhaft in | ich lebe in | lebe in | startend in"
            " | start in | abflug | abflug in | abflug von | abflug ab | ich bin gerade in | bin in"
            " | bin gerade in | weg von | raus aus | von der stadt | ich sitze in | sitze in | weg aus"
            " | sind in | dorf bei | dorf nahe | befinde mich in | startpunkt | starte in | starten in | abflugort"
        ),
    },
    "native": {"": "ich komme aus | wir kommen aus"},
    "away": {"": "weit weg von | fern von"},
    "airport": {"": "flughafen | airport"},
    "airportof": {"": "flughafen | vom flughafen | flughafen von"},
    "somewhere": {"": "irgendwo | irgendwohin | wohin auch immer | egal wo | egal wohin"},
}
