"""English: phrases of weather, flights and places, and their tags. Data only; see `grammar.Table`."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "to": {"": "to | -> | → | => | into | till | until | through | thru | towards | toward"},
    "and": {"": "and | &"},
    "or": {"": "or"},
    "between": {"": "between | anywhere between | somewhere between | from"},
    "of": {"": "of"},
    "article": {"": "the | a | an | some"},
    "hours": {"": "hour | hours | hr | hrs | h | hour's"},
    "minutes": {"": "minute | minutes | min | mins | m"},
    "plushalf": {
        0.5: "and a half | and half | 1/2",
        0.25: "and a quarter",
        0.75: "and three quarters",
    },
    "half": {
        0.5: "1/2 | half an | half a | a half | half",
        0.25: "a quarter of an | quarter of an",
        0.75: "three quarters of an | three quarter",
    },
    "atmost": {
        "": (
            "under | less than | fewer than | max | max. | maximum | a maximum of | at most | at the most"
            " | up to | below | no more than | not more than | not over | not above | no longer than"
            " | not longer than | shorter than | < | <= | ≤ | tops | or less | or under | or below"
            " | or colder | or cooler | or fewer | or shorter | lower than | not exceeding | limit"
            " | cooler than | colder than | just under | inside | not beyond | nothing over | nothing above"
            " | nothing longer than"
        ),
    },
    "atleast": {
        "": (
            "at least | a minimum temperature of | more than | over | above | min | minimum | a minimum of"
            " | further than | farther than"
            " | > | >= | ≥ | no less than | longer than | not less than | not under | not below"
            " | nothing under | nothing below | or more | or above | or over | beyond | or warmer"
            " | or hotter | or higher | or longer | and up | warmer than | hotter than | higher than"
            " | upwards of | well over | and above"
        ),
    },
    "within": {"": "within | inside of | not more than"},
    "around": {"": "around | about | roughly | approximately | approx | circa | ca | ~ | some"},
    "haul": {
        3: (
            "short flight | short flights | short haul | short hop | quick flight | quick hop | nearby"
            " | near | close by | not far | not too far | not very far | short trip by air | not so far"
            " | shorthaul | close to"
        ),
        6: (
            "medium haul | no long haul | no long flight | no long flights | not a long flight"
            " | no long hauls | without a long flight | not long haul | no longhaul | mid haul"
        ),
        24: (
            "long haul | long haul ok | long haul is ok | long haul is fine | long haul fine | any distance"
            " | longhaul | distance doesn't matter | distance does not matter | however far | however long"
            " | no matter how far | long flights ok | long flight ok | long flights are fine"
            " | long flight is fine | any flight time | no time limit | no limit on hours | remove the time limit"
            " | no limit on flight time"
        ),
    },
    "leave": {
        "": ("leave | leaving | depart | departing | go | fly | take off | set off | start | get away | be off"),
    },
    "at": {"": "at | at about | at around | after | before"},
    "oclock": {"": "am | pm | a.m. | p.m. | o'clock | oclock"},
    "degrees": {
        "?": "degrees | degree | deg | degs | °",
        "c": (
            "c | °c | degrees c | degrees celsius | degrees centigrade | celsius | centigrade | deg c | degree celsius"
        ),
        "f": "f | °f | degrees f | degrees fahrenheit | fahrenheit | deg f | degree fahrenheit",
    },
    "plus": {"": "+ | plus"},
    "minus": {"": "minus | negative"},
    "belowzero": {
        "": ("below zero | sub zero | subzero | below freezing | under zero | minus degrees | less than zero"),
    },
    "weather": {
        "hot": (
            "hot | warm | warmer | hotter | heat | the heat | heatwave | warmth | tropical | scorching"
            " | boiling | toasty | sweltering | balmy | warmish | hottest | warmest"
        ),
        "cold": (
            "cold | colder | cool | cooler | chilly | freezing | icy | frosty | frost | wintry | the cold"
            " | arctic | crisp | chill | coolish | coldish | coldest | coolest"
        ),
        "normal": (
            "mild | milder | pleasant | temperate | moderate | pleasantly warm | nicely warm | comfortable"
            " | mild weather | spring like | springlike | medium temperature | lukewarm"
            " | normal temperature | normal | normal weather | room temperature"
        ),
    },
    "activity": {
        "hot": (
            "beach | beaches | swim | swimming | sunbathe | sunbathing | snorkel | snorkeling | snorkelling"
            " | palm trees | bikini | seaside | get a tan | tan | suntan | shorts and t-shirt | surfing"
        ),
        "cold": (
            "ski | skiing | ski trip | snow | snowy | snowing | snowboard | snowboarding | northern lights"
            " | sledding | aurora | skis | ice skating | sledging | christmas market | christmas markets"
            " | igloo | glacier | apres-ski"
        ),
    },
    "soft": {
        "hot": "sun | sunny | sunshine | summer | summery | winter sun | sunnier",
        "cold": "winter | wintertime",
    },
    "anyweather": {
        "": (
            "any weather | any temperature | the weather does not matter | weather does not matter"
            " | whatever the weather | weather doesn't matter | the weather doesn't matter"
            " | don't care about the weather | whatever weather | don't mind the weather"
            " | weather is irrelevant | no matter the weather | regardless of weather"
            " | regardless of the weather"
        ),
    },
    "escape": {
        "": (
            "escape | escaping | escape from | away from | get away from | far from | out of | flee"
            " | fleeing | avoid | avoiding | sick of | tired of | fed up with | hate | hating | can't stand"
            " | cant stand | cannot stand | done with | bored of | enough of | had enough of | instead of | beat"
            " | run away from | a break from | break from | no more | get out of | tired of this"
            " | leave behind"
        ),
    },
    "not": {
        "": (
            "not | no | don't | do not | doesn't | isn't | never | nothing | nowhere | neither | without"
            " | dont want | dont like | dont wanna"
            " | non | hardly | wouldn't | doesnt | isnt | won't | shouldn't | anything but | anywhere but | nor"
        ),
    },
    "nor": {"": "nor | or | and not"},
    "too": {"": "too | way too | far too | much too | unbearably | so damn"},
    "here": {
        "": "here | in here | over here | at home | around here | where i am | where i live | right here",
    },
    # "Cold right now in Chicago" is what one flees; "hot right now" alone is a wish.
    "rightnow": {"": "rn | right now | at the moment | atm | currently"},
    "its": {"": "it's | it is | its | weather is | it's getting | it's so | it has been"},
    "where": {"": "where | wherever | if | that | as long as | provided | so long as | so"},
    "tolerate": {"": "don't mind | do not mind | don't care about | i like even | not afraid of"},
    "neutral": {
        "": (
            "hot tub | hot tubs | hot dog | hot dogs | hot chocolate | cold beer | cold beers | ice cream"
            " | how cool | be cool | so cool | a cold | hot springs | hot spring | cold drink | cool thanks"
            " | cool place | too cool | than here | town near | village near | suburb of | i live near"
            " | we live near | live near | sun cream | have a cold"
        ),
    },
    "but": {"": "but | yet | however | though | rather | except"},
    "people": {
        "": (
            "people | persons | person | adults | adult | kids | children | child | travellers | travelers"
            " | friends | passengers | of us | pax | seats | tickets | babies | infants | guests | pers"
            " | ppl"
        ),
    },
    "bags": {"": "bags | bag | suitcases | suitcase | pieces of luggage | carry ons | cases | backpacks"},
    "money": {
        "": ("euros | euro | eur | € | dollars | usd | $ | bucks | pounds | gbp | £ | quid | chf | francs | pln | sek"),
    },
    "kilometres": {1: "km | kms | kilometres | kilometers", 1.609: "miles | mile | mi"},
    "companion": {
        "": (
            "dog | dogs | cat | wife | husband | partner | girlfriend | boyfriend | kid | kids | children"
            " | child | family | friend | friends | mum | mom | dad | parents | baby | son | daughter"
            " | colleagues | mates"
        ),
    },
    "with": {"": "with | my | our | the"},
    "for": {"": "for"},
    "infinitive": {"": "be | fly | go | have | spend | travel | sit | take"},
    "extra": {
        "": (
            "cheap | cheaply | cheapest | budget | low cost | affordable | business class | first class"
            " | economy | luxury | sea | the sea | seaside town | coast | lake | mountains | dry | wind"
            " | windy | clouds | cloudy | hotel | hotels | return ticket | visa | round trip | one way"
            " | nightlife | museums | hiking | good food | spa | pool | romantic | family friendly | vegan"
            " | honeymoon | downtown | nice weather | good weather | great weather | better weather | spring | autumn"
            " | direct | car | train | ferry | by train | by car | by bus | the gray | last minute"
            " | all inclusive"
        ),
        "rain": "the rain | rainy | grey | gray | raining | rain | bad weather | grey weather | drizzle",
    },
    "from": {
        "": (
            "from | leaving from | departing from | departing | flying from | starting from | starting in"
            " | starting at | out of | ex | live in | i'm in | im in | i am in | we're in | we are in"
            " | i live in | we live in | living in | based in | based out of | currently in | i'm at"
            " | i am at | located in | stuck in | i'm near | town near | village near | suburb of"
            " | i am near | live near | departure from | departure | home is | my airport is"
            " | my home airport is | from the city of | origin | i'm staying in | start in | staying in"
            " | from my home in | flying out of | we're staying in | situated in | i reside in"
            " | i'm based in"
        ),
    },
    # "The nearest place to Warsaw".
    "nearest": {"": "nearest | closest"},
    "native": {"": "i'm from | i am from | im from | we're from | we are from"},
    "leaveplace": {"": "leaving | leave | exit | quit | departing"},
    "away": {"": "away from | far from | far away from | escape | escape from | get away from | flee"},
    "airport": {"": "airport | international airport | intl airport"},
    "somewhere": {"": "somewhere | anywhere | someplace | wherever | some place | any place"},
}
