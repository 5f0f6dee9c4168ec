"""Names of places that hold words of the other tables, or begin with an article. Data only."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "place": {
        "": (
            "nice | tenerife sur | tenerife norte | gran canaria | washington d.c. | washington dc"
            " | palm beach | west palm beach | miami beach | long beach | virginia beach | myrtle beach"
            " | daytona beach | vero beach | panama city beach | fort walton beach | hot springs"
            " | sun valley | cold bay | sun city | winter park | mar del plata | playa del carmen"
            " | the hague | den haag | los angeles | las vegas | las palmas | la paz | la habana"
            " | la havane | el paso | el cairo | la coruna | a coruna | la rochelle | le havre | le mans"
            " | le caire | la plata | la serena | los cabos | la rioja | la palma | la gomera | la romana"
            " | el salvador | el hierro | la spezia | la reunion | las americas | le touquet | los mochis"
            " | la mancha | the bahamas | the gambia | new york | new york city | new delhi | new orleans"
            " | new haven | new plymouth | ho chi minh city | mexico city | kansas city | salt lake city"
            " | oklahoma city | quebec city | kuwait city | panama city | guatemala city | cebu city"
            " | iowa city | atlantic city | cape town | georgetown | george town | charles de gaulle"
            " | grand rapids | ciudad de mexico | ciudad real | ciudad juarez | big island | long island"
            " | santa cruz de tenerife | santa cruz de la sierra | les sables d'olonne | halle an der saale"
            " | frankfurt an der oder | frankfurt am main | castellon de la plana | palma de mallorca"
            " | palmas de gran canaria | las palmas de gran canaria | san juan del sur"
            " | villefranche sur mer | saint jean de luz | isle of man | great falls | orange county | bath"
            " | reading | split | man | mobile | essen | male | tours | orange | corner brook"
            " | medicine hat | sale | salt lake | cologne bonn | mont de marsan | bad homburg | bad ischl"
            " | costa rica | puerto rico | new south wales | new zealand | new jersey | new mexico"
            " | new hampshire | south africa | united kingdom | united states | saudi arabia | sri lanka"
            " | good hope | costa mesa | fort lauderdale"
        ),
    },
}
