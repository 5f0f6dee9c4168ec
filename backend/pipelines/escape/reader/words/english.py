"""English: phrases and their tags. Data only; see `grammar.Table` for the shape."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "offset": {
        -1: "yesterday",
        0: "today | tonight | this evening | this morning | this afternoon | now | right now | asap | immediately"
        " | as soon as possible | right away | later today | straight away | at once",
        1: "tomorrow | tmrw | tomorrow's",
        2: "day after tomorrow | the day after tomorrow | overmorrow",
    },
    "soon": {"": "soon | in the next few days | in the coming days | over the next few days | this week | any day"},
    "daypart": {
        "": "morning | in the morning | early morning | afternoon | in the afternoon | evening | in the evening"
        " | night | at night | noon | at noon | midnight | midday | before noon | lunchtime | after work | all day"
    },
    "weekday": {
        0: "monday | mondays",
        1: "tuesday | tue | tues | tuesdays",
        2: "wednesday | wed | weds | wednesdays",
        3: "thursday | thu | thur | thurs | thursdays",
        4: "friday | fri | fridays",
        5: "saturday | sat | saturdays",
        6: "sunday | sundays",
    },
    "shortday": {0: "mon", 6: "sun"},
    "on": {"": "on | on the | by | for"},
    "this": {"": "this"},
    "next": {"": "next"},
    "coming": {"": "coming | this coming | the coming | upcoming"},
    "last": {"": "last"},
    "weekend": {"": "weekend | week-end | weekends"},
    "nextweek": {"": "next week | the week after | following week | coming week"},
    "nextmonth": {"": "next month"},
    "month": {
        1: "january",
        2: "february",
        4: "april",
        6: "june",
        7: "july",
        8: "august",
        9: "september",
        10: "october",
        11: "november",
        12: "december",
    },
    "softmonth": {
        1: "jan",
        2: "feb",
        3: "march | mar",
        4: "apr",
        5: "may",
        6: "jun",
        7: "jul",
        8: "aug",
        9: "sep | sept",
        10: "oct",
        11: "nov",
        12: "dec",
    },
    "part": {
        5: "early | beginning of | start of | the beginning of | the start of",
        15: "mid | middle of | the middle of",
        25: "late | end of | the end of",
    },
    "holiday": {
        "12-24": "christmas eve",
        "12-25": "christmas | christmas day | xmas",
        "12-31": "new year's eve",
        "1-1": "new year's day | new year | new year's",
        "2-14": "valentine's day | valentine's",
        "10-31": "halloween",
    },
    "in": {"": "in | in about | in around | in the next | in like | in just"},
    "days": {1: "day | days", 7: "week | weeks", 14: "fortnight", 30: "month | months"},
    "nights": {"": "night | nights"},
    "fromnow": {"": "from now | from today | time"},
    "ago": {"": "ago"},
    "back": {
        "": "until | till | back | back on | back by | return | returning | returning on | return on | til"
        " | coming back | coming home | through"
    },
    "to": {"": "to | into | till | until | through | thru | towards | toward"},
    "and": {"": "and | &"},
    "or": {"": "or"},
    "between": {"": "between | anywhere between | somewhere between | from"},
    "ordinal": {"": "st | nd | rd | th"},
    "of": {"": "of"},
    "article": {"": "the | a | an | some"},
    "number": {
        0: "zero",
        1: "a | an | one",
        2: "two | a couple of | a couple | couple of",
        3: "three | a few",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        25: "twenty five",
        30: "thirty",
        35: "thirty five",
        40: "forty",
        45: "forty five",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "a hundred",
    },
    "hours": {"": "hour | hours | hr | hrs | h | hours of | hour's"},
    "minutes": {"": "minute | minutes | min | mins | m"},
    "plushalf": {0.5: "and a half | and half | 1/2", 0.25: "and a quarter", 0.75: "and three quarters"},
    "half": {
        0.5: "half an | half a | a half | half",
        0.25: "a quarter of an | quarter of an",
        0.75: "three quarters of an | three quarter",
    },
    "atmost": {
        "": "under | less than | fewer than | max | max. | maximum | a maximum of | at most | at the most | up to | below"
        " | no more than | not more than | not over | not above | no longer than | not longer than | shorter than"
        " | < | <= | ≤ | tops | or less | or under | or below | or colder | or cooler | or fewer | or shorter"
        " | lower than | not exceeding | limit | cooler than | colder than | just under | inside | not beyond | nothing over"
        " | nothing above | nothing longer than"
    },
    "atleast": {
        "": "at least | more than | over | above | min | minimum | a minimum of | > | >= | ≥ | no less than | longer than"
        " | not less than | not under | not below | nothing under | nothing below | or more | or above | or over | beyond"
        " | or warmer | or hotter | or higher | or longer | and up | warmer than | hotter than | higher than | upwards of"
        " | well over | and above"
    },
    "within": {"": "within | inside of | not more than"},
    "around": {"": "around | about | roughly | approximately | approx | circa | ca | ~ | some"},
    "haul": {
        3: "short flight | short flights | short haul | short hop | quick flight | quick hop | nearby | near | close by"
        " | not far | not too far | not very far | short trip by air | not so far | shorthaul | close to",
        6: "medium haul | no long haul | no long flight | no long flights | not a long flight | no long hauls"
        " | without a long flight | not long haul | no longhaul | mid haul",
        24: "long haul | long haul ok | long haul is ok | long haul is fine | long haul fine | any distance | longhaul"
        " | distance doesn't matter | distance does not matter | however far | however long | no matter how far"
        " | long flights ok | long flight ok | long flights are fine | long flight is fine | any flight time",
    },
    "leave": {"": "leave | leaving | depart | departing | go | fly | take off | set off | start | get away | be off"},
    "at": {"": "at | at about | at around | after | before"},
    "oclock": {"": "am | pm | a.m. | p.m. | o'clock | oclock"},
    "degrees": {
        "?": "degrees | degree | deg | degs | °",
        "c": "c | °c | degrees c | degrees celsius | degrees centigrade | celsius | centigrade | deg c | degree celsius",
        "f": "f | °f | degrees f | degrees fahrenheit | fahrenheit | deg f | degree fahrenheit",
    },
    "plus": {"": "+ | plus"},
    "minus": {"": "minus | negative"},
    "belowzero": {"": "below zero | sub zero | subzero | below freezing | under zero | minus degrees | less than zero"},
    "weather": {
        "hot": "hot | warm | warmer | hotter | heat | the heat | heatwave | warmth | tropical | scorching | boiling | toasty"
        " | sweltering | balmy",
        "cold": "cold | colder | cool | cooler | chilly | freezing | icy | frosty | frost | wintry | the cold | arctic"
        " | crisp | chill",
        "normal": "mild | milder | pleasant | temperate | moderate | pleasantly warm | nicely warm | comfortable"
        " | mild weather | spring like | springlike | medium temperature | lukewarm | normal temperature | normal"
        " | normal weather | room temperature",
    },
    "activity": {
        "hot": "beach | beaches | swim | swimming | sunbathe | sunbathing | snorkel | snorkeling | snorkelling | palm trees"
        " | bikini | seaside | sunbathe | get a tan | tan | suntan | shorts and t-shirt | surfing",
        "cold": "ski | skiing | ski trip | snow | snowy | snowing | snowboard | snowboarding | northern lights | sledding"
        " | aurora | skis | ice skating | sledging | christmas market | christmas markets | igloo | glacier | apres-ski",
    },
    "soft": {"hot": "sun | sunny | sunshine | summer | summery | winter sun | sunnier", "cold": "winter | wintertime"},
    "anyweather": {
        "": "any weather | any temperature | the weather does not matter | weather does not matter | whatever the weather"
        " | weather doesn't matter | the weather doesn't matter | don't care about the weather | whatever weather"
        " | don't mind the weather | weather is irrelevant | no matter the weather | regardless of weather"
        " | regardless of the weather"
    },
    "escape": {
        "": "escape | escaping | escape from | away from | get away from | far from | out of | flee | fleeing | avoid"
        " | avoiding | sick of | tired of | fed up with | hate | hating | can't stand | cannot stand | done with | bored of"
        " | enough of | had enough of | instead of | beat | skip | run away from | a break from | break from | no more"
        " | get out of | tired of this | leave behind | without"
    },
    "not": {
        "": "not | no | don't | do not | doesn't | isn't | never | nothing | nowhere | neither | without | non | hardly"
        " | wouldn't | won't | shouldn't | anything but | nor"
    },
    "nor": {"": "nor | or | and not"},
    "too": {"": "too | way too | far too | much too | unbearably | so damn"},
    "here": {"": "here | in here | over here | at home | around here | where i am | where i live | right here"},
    "its": {"": "it's | it is | its | weather is | it's getting | it's so | it has been"},
    "where": {"": "where | wherever | if | that | as long as | provided | so long as | so"},
    "tolerate": {"": "don't mind | do not mind | don't care about | i like even | not afraid of"},
    "neutral": {
        "": "hot tub | hot tubs | hot dog | hot dogs | hot chocolate | cold beer | cold beers | ice cream | how cool"
        " | be cool | so cool | a cold | hot springs | hot spring | cold drink | cool thanks | cool place | too cool"
        " | than here | sun cream | cool ! | have a cold"
    },
    "but": {"": "but | yet | however | though | rather | except"},
    "people": {
        "": "people | persons | person | adults | adult | kids | children | child | travellers | travelers | friends"
        " | passengers | of us | pax | seats | tickets | babies | infants | guests | pers | ppl"
    },
    "bags": {"": "bags | bag | suitcases | suitcase | pieces of luggage | carry ons | cases | backpacks"},
    "money": {
        "": "euros | euro | eur | € | dollars | usd | $ | bucks | pounds | gbp | £ | quid | chf | francs | pln | sek"
    },
    "kilometres": {"": "km | kms | kilometres | kilometers | miles | mi"},
    "companion": {
        "": "dog | dogs | cat | wife | husband | partner | girlfriend | boyfriend | kid | kids | children | child"
        " | family | friend | friends | mum | mom | dad | parents | baby | son | daughter | colleagues | mates"
    },
    "with": {"": "with | my | our | the"},
    "for": {"": "for"},
    "extra": {
        "": "cheap | cheaply | cheapest | budget | low cost | affordable | business class | first class | economy | luxury"
        " | rain | the rain | rainy | raining | dry | wind | windy | clouds | cloudy | hotel | hotels | return ticket | visa"
        " | round trip | one way | nightlife | museums | hiking | good food | spa | pool | romantic | family friendly"
        " | vegan | honeymoon | nice weather | good weather | great weather | better weather | bad weather | spring | autumn"
        " | direct | car | train | ferry | by train | by car | by bus | the gray | grey weather | last minute | all inclusive"
    },
    "from": {
        "": "from | leaving from | departing from | departing | flying from | starting from | starting in | starting at"
        " | out of | ex | i'm in | im in | i am in | we're in | we are in | i live in | we live in | living in | based in"
        " | based out of | currently in | i'm at | i am at | located in | stuck in | i'm near | i am near | departure from"
        " | departure | home is | my airport is | my home airport is | from the city of | origin | i'm staying in"
        " | start in | staying in | from my home in | flying out of | we're staying in | situated in | i reside in | i'm based in"
    },
    "leaveplace": {"": "leaving | leave | exit | quit | departing"},
    "away": {"": "away from | far from | far away from | escape | escape from | get away from | flee"},
    "airport": {"": "airport | international airport | intl airport"},
    "somewhere": {"": "somewhere | anywhere | someplace | wherever | some place | any place"},
    "filler": {
        "": "i | i'd | i'll | i'm | i've | im | me | my | mine | we | we'd | we'll | we're | us | our | you | your | he | she | they"
        " | them | it | this | that | these | those | there | is | are | was | were | be | been | being | am | do | does | did"
        " | done | have | has | had | having | can | could | will | would | shall | should | must | might | want | wants"
        " | wanted | wanna | like | likes | love | loves | need | needs | wish | hope | hoping | prefer | preferably | looking"
        " | look | find | show | tell | give | get | gets | getting | got | gotta | gonna | take | takes | bring | brings | make"
        " | let | let's | help | go | goes | going | gone | come | coming | fly | flies | flying | flown | travel | travelling"
        " | traveling | trip | trips | journey | flight | flights | flight time | flying time | plane | planes | air | by plane"
        " | by air | place | places | spot | spots | destination | destinations | city | cities | town | towns | country"
        " | countries | location | holiday | holidays | vacation | getaway | escape | escapes | break | breaks | stay | visit"
        " | see | enjoy | spend | relax | weather | climate | temperature | temperatures | temps | degrees | what | what's"
        " | which | who | whose | when | why | how | if | then | than | so | such | as | by | on | off | up | down | over | out"
        " | about | around | just | only | also | even | still | already | again | back | soon | ever | please | pls | plz"
        " | thanks | thank | hi | hello | hey | dear | ok | okay | yes | yeah | maybe | perhaps | possible | possibly | really"
        " | very | quite | rather | pretty | bit | little | lot | lots | much | many | more | most | less | least | any | every"
        " | each | all | both | either | other | another | same | something | anything | everything | someone | anyone"
        " | everyone | nice | good | great | best | better | beautiful | lovely | cool | amazing | perfect | new | far | away"
        " | long | longer | short | shorter | non stop | nonstop | non-stop | direct flight | via | with | without | because"
        " | since | while | during | until | at | per | time | times | day | days | week | date | home | work | weather like"
        " | early | late | later | earlier | today's | whole | too | not | idea | ideas | suggest | suggestion | suggestions"
        " | recommend | recommendation | options | option | leave | leaves | depart | departs | departure | return | start"
        " | starting | begin | land | landing | reach | reachable | arrive | arriving | away from here | here | boring | bored"
        " | happy | sure | said | say | think | know | guess | feel | feels | feeling | live | living | based | now | actually"
        " | basically | honestly | literally | ideally | exactly | anymore | any more | half | hour | hours | some | one | ones"
        " | life | world | people | thing | things | way | flight length | duration | length | into | onto | across | near"
        " | might be | should be | would be | i need | i want | urgently | quickly | quick | s | t | d | ll | re | ve | m | e | g"
        " | etc | right | friend | friends | sky | ticket | tickets | area | region | desperate | desperately | kind | kinda | sort"
    },
}
