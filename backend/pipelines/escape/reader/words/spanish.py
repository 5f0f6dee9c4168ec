"""Spanish: phrases and their tags. Data only; see `grammar.Table` for the shape."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "offset": {
        -1: "ayer",
        0: (
            "hoy | hoy mismo | esta noche | esta tarde | esta mañana | ahora mismo | ya mismo"
            " | cuanto antes | lo antes posible"
        ),
        1: "mañana | mañana mismo",
        2: "pasado mañana | pasado",
    },
    "now": {"": "ahora | ya"},
    "soon": {"": "pronto | en los próximos días | estos días | esta semana | próximamente"},
    "daypart": {
        "": (
            "por la mañana | de la mañana | por la tarde | de la tarde | por la noche | de la noche"
            " | al mediodía | temprano | a mediodía | a medianoche | de madrugada | noche | tarde"
        ),
    },
    "weekday": {
        0: "lunes",
        1: "martes",
        2: "miércoles",
        3: "jueves",
        4: "viernes",
        5: "sábado | sábados",
        6: "domingo | domingos",
    },
    # Only before a date: "vie 27/11".
    "dateday": {0: "lun", 1: "mar", 2: "mié", 3: "jue", 4: "vie", 5: "sáb", 6: "dom"},
    "on": {"": "el | el día | para el"},
    "this": {"": "este | de este"},
    "coming": {"": "próximo | el próximo | que viene | del que viene | siguiente"},
    "last": {"": "pasado | último"},
    "weekend": {"": "fin de semana | finde | el finde"},
    "nextweek": {
        "": "semana que viene | la semana que viene | próxima semana | la próxima semana | semana próxima",
    },
    "nextmonth": {"": "mes que viene | próximo mes | el mes que viene | el próximo mes"},
    "month": {
        1: "enero",
        2: "febrero",
        3: "marzo",
        4: "abril",
        5: "mayo",
        6: "junio",
        7: "julio",
        8: "agosto",
        9: "septiembre | setiembre",
        10: "octubre",
        11: "noviembre",
        12: "diciembre",
    },
    "softmonth": {
        1: "ene",
        4: "abr",
        8: "ago",
        12: "dic",
    },
    "part": {
        5: "principios de | a principios de | comienzos de",
        15: "mediados de | a mediados de",
        25: "finales de | a finales de | fines de",
    },
    "holiday": {
        "12-24": "nochebuena",
        "12-25": "navidad",
        "12-31": "nochevieja",
        "1-1": "año nuevo",
        "1-6": "reyes",
    },
    "in": {"": "en | dentro de | en unos | en unas | de aquí a"},
    "days": {
        1: "día | días",
        7: "semana | semanas",
        30: "mes | meses",
        15: "quincena",
    },
    "nights": {"": "noche | noches"},
    "ago": {"": "hace"},
    "back": {
        "": (
            "hasta | hasta el | vuelta | vuelta el | vuelvo el | regreso | regreso el | volviendo el"
            " | de vuelta el | volver el"
        ),
    },
    "to": {"": "a | al | hasta | hacia | hasta el"},
    "and": {"": "y | e"},
    "or": {"": "o | u"},
    "between": {"": "entre | de | desde | del"},
    "ordinal": {"": "º | ero"},
    "of": {"": "de | del"},
    "article": {"": "el | la | los | las | un | una | unos | unas | lo | algún | alguna"},
    "number": {
        0: "cero",
        1: "un | una | uno",
        2: "dos | un par de | par de",
        3: "tres | unos pocos | unos cuantos",
        4: "cuatro",
        5: "cinco",
        6: "seis",
        7: "siete",
        8: "ocho",
        9: "nueve",
        10: "diez",
        11: "once",
        12: "doce",
        13: "trece",
        14: "catorce",
        15: "quince",
        16: "dieciséis",
        20: "veinte",
        25: "veinticinco",
        30: "treinta",
        35: "treinta y cinco",
        40: "cuarenta",
        45: "cuarenta y cinco",
        50: "cincuenta",
        60: "sesenta",
        90: "noventa",
        100: "cien",
    },
    "hours": {"": "hora | horas | hs | horita | horitas"},
    "minutes": {"": "minuto | minutos"},
    "plushalf": {
        0.5: "y media",
        0.25: "y cuarto",
        0.75: "y tres cuartos",
    },
    "half": {
        0.5: "media",
        0.25: "un cuarto de",
        0.75: "tres cuartos de",
    },
    "atmost": {
        "": (
            "menos de | máxima de | máxima | máximo | máximo de | como máximo | un máximo de | como mucho"
            " | hasta | no más de | a lo sumo | máx | inferior a | por debajo de | a menos de | en menos de"
            " | o menos | que no pase de | sin pasar de | de máximo | que no superen | bajo"
            " | que no sea más de | que no llegue a"
        ),
    },
    "atleast": {
        "": (
            "al menos | mínima de | mínima | por lo menos | más de | mínimo | como mínimo | un mínimo de"
            " | a partir de | por encima de | o más | superior a | no menos de | de mínimo | mín"
            " | sobre los"
        ),
    },
    "around": {"": "unos | unas | alrededor de | cerca de | sobre | aproximadamente | más o menos"},
    "haul": {
        3: (
            "vuelo corto | vuelos cortos | corta distancia | corto recorrido | cerca | cerca de"
            " | aquí cerca | no muy lejos | no demasiado lejos | un vuelo corto | no lejos"
        ),
        6: "media distancia | medio recorrido | sin vuelos largos | ningún vuelo largo | vuelo no muy largo"
        " | vuelo no demasiado largo | que no sea muy largo",
        24: (
            "larga distancia | largo recorrido | vuelo largo | vuelos largos | cualquier distancia"
            " | la distancia da igual | no importa la distancia | sin límite de horas | sin límite de tiempo"
        ),
    },
    "leave": {"": "salgo | salir | salimos | saliendo | me voy | irme | irnos | viajar | volar"},
    "at": {
        "": ("a las | a la | sobre las | hacia las | después de las | antes de las | a partir de las | desde las"),
    },
    "oclock": {"": "de la mañana | de la tarde | de la noche"},
    "degrees": {
        "?": "grados | grado | º",
        "c": "ºc | grados centígrados | grados celsius | centígrados",
        "f": "ºf | grados fahrenheit",
    },
    "plus": {"": "más"},
    "minus": {"": "menos"},
    "belowzero": {"": "bajo cero | por debajo de cero | menos de cero | menos de cero grados"},
    "weather": {
        "hot": (
            "calor | caluroso | calurosa | caliente | calentito | calentita | cálido | cálida | tropical"
            " | cálidos | cálidas | el calor | mucho calor | calorcito"
        ),
        "cold": (
            "frío | fría | fríos | frías | fresco | fresca | fresquito | helado | helada | heladas"
            " | el frío | mucho frío | invernal | gélido | hielo"
        ),
        "normal": (
            "templado | templada | suave | agradable | moderado | clima suave | primaveral"
            " | ni frío ni calor | ni calor ni frío | temperatura agradable"
        ),
    },
    "activity": {
        "hot": (
            "playa | playas | la playa | bañarme | bañarnos | nadar | tomar el sol | palmeras | bañador"
            " | chanclas | piscina | playita | playera"
        ),
        "cold": (
            "nieve | la nieve | esquiar | esquí | nevado | nevar | nevada | auroras boreales | aurora boreal | snow"
        ),
    },
    "soft": {
        "hot": "sol | soleado | soleada | verano | veraniego | el sol | solecito",
        "cold": "invierno | el invierno",
    },
    "anyweather": {
        "": (
            "me da igual el tiempo | da igual el tiempo | el tiempo da igual | cualquier clima"
            " | cualquier tiempo | no importa el tiempo | me da igual el clima | da igual el clima"
            " | el tiempo me da igual | no importa el clima | con cualquier tiempo"
        ),
    },
    "escape": {
        "": (
            "huir de | huir del | huyendo de | huyendo del | escapar de | escapar del | escaparme del"
            " | escaparme de | fuera del | lejos de | lejos del | harto de | harto del | harta de"
            " | harta del | hartos del | cansado del | cansada del | cansado de | odio | evitar | salir del"
            " | escapando del | escaparnos del | no soporto | no aguanto | en vez de | hartos de"
            " | estoy hasta las narices del"
        ),
    },
    "not": {"": "no | ni | nada de | sin | tampoco | nunca | nada"},
    "nor": {"": "ni | o"},
    "too": {"": "demasiado | demasiada | tanto | tanta"},
    "here": {"": "aquí | acá | en casa | por aquí"},
    "its": {"": "hace | está haciendo | hace mucho | hace tanto"},
    "where": {"": "donde | dónde | que | si | con que"},
    "tolerate": {"": "no me importa | me da igual"},
    "neutral": {"": "vivo cerca de | vivimos cerca de | pueblo cerca de | ciudad cerca de"},
    "but": {"": "pero | sino | aunque"},
    "people": {
        "": ("personas | persona | adultos | adulto | niños | niñas | pasajeros | viajeros | amigos | billetes"),
    },
    "bags": {"": "maletas | maleta | bultos | mochilas"},
    "money": {"": "euros | dólares | pesos | soles"},
    "kilometres": {1: "kilómetros | kilómetro"},
    "companion": {
        "": (
            "perro | perra | gato | mujer | marido | pareja | novia | novio | hijos | hijo | hija | familia"
            " | amigos | niños | padres | bebé | esposa | esposo"
        ),
    },
    "with": {"": "con | mi | mis | la | los"},
    "for": {"": "para | por | durante"},
    "extra": {
        "": (
            "barato | barata | baratos | económico | bajo coste | llueve | viento | nublado | hotel"
            " | hoteles | ida y vuelta | solo ida | buen tiempo | primavera | otoño | lujo | en coche"
            " | en tren | fiesta | mar | al mar | el mar | costa | montaña | seco | museos | romántico"
            " | todo incluido | último minuto"
        ),
        "rain": "la lluvia | lluvioso | llueve | está lloviendo | lluvia | mal tiempo",
    },
    "from": {
        "": (
            "desde | saliendo de | saliendo desde | salgo de | salgo desde | salimos de | salida desde"
            " | salida de | partiendo de | partiendo desde | parto de | estoy en | estamos en | vivo en"
            " | vivo cerca de | vivimos cerca de | pueblo cerca de | ciudad cerca de | vivimos en"
            " | sácame de | salir de | salir desde"
            " | sácanos de | volando desde | resido en | me encuentro en | desde la ciudad de"
            " | con salida en | salida | viajo desde | irme de | con salida desde | con salida de"
            " | escaparme de | escapar de | huir de | origen"
        ),
    },
    "native": {"": "soy de | somos de"},
    "away": {"": "lejos de"},
    "airport": {"": "aeropuerto"},
    "airportof": {"": "aeropuerto de | el aeropuerto de | aeropuerto"},
    "somewhere": {
        "": "algún sitio | algún lugar | cualquier sitio | alguna parte | un sitio | un lugar | donde sea",
    },
}
