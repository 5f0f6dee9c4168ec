"""Words that say nothing about a flight. They are skipped, and they end the name of a place. Data only."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

ENGLISH: Table = {
    "filler": {
        "": (
            "i | i'd | i'll | i'm | i've | im | me | my | mine | we | we'd | we'll | we're | us | our | you"
            " | your | he | she | they | them | it | this | that | these | those | there | is | are | was"
            " | were | be | been | being | am | do | does | did | done | have | has | had | having | can"
            " | could | will | would | shall | should | must | might | want | wanting | wants | surprise"
            " | wanted | wanna | like | likes | love | loves | need | needs | wish | hope | hoping | prefer"
            " | preferably | looking | look | find | show | tell | give | get | gets | getting | got"
            " | gotta | gonna | take | takes | bring | brings | make | let | let's | help | go | goes"
            " | going | gone | come | coming | fly | flies | flying | flown | travel | travelling"
            " | traveling | trip | trips | journey | flight | flights | flight time | flying time | plane"
            " | planes | air | by plane | by air | place | places | spot | spots | destination"
            " | destinations | city | cities | town | towns | country | countries | location | holiday"
            " | holidays | vacation | getaway | escape | escapes | break | breaks | stay | visit | see"
            " | enjoy | spend | relax | weather | climate | temperature | temperatures | temps | degrees"
            " | what | what's | which | who | whose | when | why | how | if | then | than | so | such | as"
            " | by | on | off | up | down | over | out | about | around | just | only | also | even | still"
            " | already | again | back | soon | ever | please | pls | plz | thanks | thank | hi | hello"
            " | hey | dear | ok | okay | yes | yeah | maybe | perhaps | possible | possibly | really | very"
            " | quite | rather | pretty | bit | little | lot | lots | much | many | more | most | less"
            " | least | any | every | each | all | both | either | other | another | same | something"
            " | anything | everything | someone | anyone | everyone | nice | good | great | best | better"
            " | beautiful | lovely | cool | amazing | perfect | new | far | away | long | longer | short"
            " | shorter | non stop | nonstop | non-stop | direct flight | via | with | without | because"
            " | since | while | during | until | at | per | time | times | day | days | week | date | home"
            " | work | weather like | early | late | later | earlier | today's | whole | too | not | idea"
            " | ideas | suggest | suggestion | suggestions | recommend | recommendation | options | option"
            " | leave | leaves | depart | departs | departure | return | start | starting | begin | land"
            " | landing | reach | reachable | arrive | arriving | away from here | here | boring | bored"
            " | happy | sure | said | say | think | know | guess | feel | feels | feeling | live | living"
            " | based | now | actually | basically | honestly | literally | ideally | exactly | anymore"
            " | any more | half | hour | hours | some | one | ones | life | world | people | thing | things"
            " | way | flight length | duration | length | into | onto | across | near | might be"
            " | should be | would be | i need | i want | urgently | quickly | quick | s | t | d | ll | re"
            " | ve | m | e | g | etc | right | friend | friends | sky | ticket | tickets | area | region"
            " | hm | hmm | um | uh | oh | ah | well | oops | sorry | meant | mean | otherwise | fine | else"
            " | left | care | proper | chance | chances | desperate | desperately | kind | kinda | sort"
        ),
    },
}
SPANISH: Table = {
    "filler": {
        "": (
            "yo | tú | me | te | se | nos | mi | mis | tu | su | sus | nosotros | ir | irme | irnos | voy"
            " | vamos | vaya | viajar | viaje | viajes | viajo | volar | vuelo | vuelos | de vuelo | avión"
            " | en avión | escapar | escaparme | escaparnos | escapada | huir | salir | salgo | salimos"
            " | saliendo | llegar | puedo | podemos | puede | podría | quiero | queremos | quisiera"
            " | querría | gustaría | busco | buscamos | buscar | necesito | necesitamos | deseo | prefiero"
            " | dame | dime | muéstrame | enséñame | llévame | sácame | algo | algún | alguna | sitio"
            " | sitios | lugar | lugares | destino | destinos | ciudad | ciudades | país | países | zona"
            " | isla | vacaciones | descanso | tiempo | clima | temperatura | temperaturas | hay | haya"
            " | haga | hace | es | son | sea | está | estar | estoy | estamos | esté | ser | fue | que"
            " | qué | cuál | cuáles | quién | cómo | cuándo | cuando | dónde | donde | adónde | adonde"
            " | con | sin | por | para | muy | mucho | mucha | poco | poca | bien | bueno | buena | bonito"
            " | bonita | mejor | favor | por favor | gracias | hola | buenos días | buenas tardes"
            " | buenas noches | más | menos | también | además | solo | sólo | ya | aún | todavía | así"
            " | entonces | quizás | quizá | tal vez | porque | pues | como | donde sea | ese | esa | eso"
            " | esta | esto | otro | otra | directo | sin escalas | duración | vez | veces | en | a | al"
            " | de | del | y | o | e | ni | aquí | allí | ahí | lo | le | les | ojalá | posible | si | sí"
            " | vale | venga | hora | horas | fin | somos | fecha | pequeño | pequeña | tengo | tenemos"
            " | perdón | digo | sea | tiene | haciendo | blanca | arena"
        ),
    },
}
GERMAN: Table = {
    "filler": {
        "": (
            "ich | du | er | sie | es | wir | ihr | mich | mir | dich | uns | euch | sich | mein | meine"
            " | dein | unser | unsere | bin | ist | sind | bist | seid | war | sein | wäre | habe | haben"
            " | hat | hätte | hätten | will | wollen | wollte | möchte | möchten | mag | kann | können"
            " | könnte | könnten | soll | sollen | sollte | muss | müssen | würde | würden | werde | werden"
            " | wird | darf | brauche | brauchen | suche | suchen | finde | finden | zeig | zeige | sag"
            " | gib | gibt | bring | bringe | bringt | nimm | lass | geh | gehe | gehen | geht | komme"
            " | kommen | fahren | fahre | fliegen | fliege | fliegt | reisen | reise | flug | flüge"
            " | flugzeit | flugdauer | flugzeug | reiseziel | ziel | ziele | ort | orte | platz | stadt"
            " | städte | land | länder | insel | urlaub | ferien | auszeit | pause | trip | kurztrip"
            " | ausflug | wetter | klima | temperatur | temperaturen | wo | wohin | woher | was | wer | wie"
            " | wann | warum | welche | welcher | welches | dort | da | dahin | hin | her | weg | raus"
            " | fort | fliehen | flüchten | entfliehen | hier | und | oder | aber | auch | noch | schon"
            " | nur | mal | doch | denn | dann | also | sehr | ganz | gern | gerne | bitte | danke | hallo"
            " | hi | moin | servus | guten | guten tag | guten morgen | guten abend | ja | nein"
            " | vielleicht | etwas | irgendwas | irgendein | irgendeinen | schön | schöne | schönes"
            " | schönen | gut | gute | gutes | toll | tolles | am | im | an | auf | in | mit | ohne | zu"
            " | zum | zur | bei | für | vom | von | aus | nach | bis | über | unter | vor | als | wenn"
            " | weil | dass | ob | damit | möglich | möglichst | liebsten | am liebsten | lieber | einfach"
            " | nonstop | direkt | lang | lange | kurz | weit | viel | viele | mehr | weniger | einmal"
            " | wieder | heraus | los | erreichbar | entfernt | dauer | dauern | dauert | länge | so"
            " | sonst | wohnen | wohne | ans | ins | familienurlaub | städtetrip | datum | scheint | kurzer"
            " | kurze | egal | man | alles | jemand | jetzt | aus dem haus | tag | flugstunden | zeit | dem"
            " | den | der | die | das"
            " | hab | bloß | meinte | entschuldigung | hauptsache | wochenendtrip | herausfinden | besuchen | gerade"
        ),
    },
}
FRENCH: Table = {
    "filler": {
        "": (
            "je | j | tu | il | elle | on | nous | vous | veut | veulent | petit | petite | date | emmenez"
            " | ils | me | m | te | se | s | moi | toi | lui | mon | ma | mes | notre | nos | votre | suis"
            " | es | est | sommes | êtes | sont | être | était | serait | soit | ai | as | a | avons | avez"
            " | ont | avoir | veux | voudrais | voulons | aimerais | aimerions | souhaite | souhaiterais"
            " | cherche | cherchons | chercher | besoin | envie | peux | peut | pouvons | puis | pourrais"
            " | pourrait | pouvoir | faut | aller | vais | va | allons | allez | pars | part | partir"
            " | partons | partant | voyage | voyager | voyages | vol | vols | de vol | avion | en avion"
            " | escapade | évader | échapper | fuir | destination | destinations | endroit | endroits"
            " | lieu | lieux | ville | villes | pays | coin | île | vacances | repos | pause | séjour"
            " | temps | météo | climat | température | températures | où | quoi | que | qui | quel | quelle"
            " | quels | quelles | quand | comment | pourquoi | y | en | ne | n | pas | plus | moins | très"
            " | trop | assez | peu | un peu | beaucoup | bien | bon | bonne | beau | belle | bel | joli"
            " | jolie | super | et | ou | mais | donc | or | ni | car | avec | sans | pour | par | sur"
            " | dans | de | d | du | des | au | aux | à | le | la | les | l | un | une | ce | cet | cette"
            " | ces | ça | c | là | ici | dont | si | oui | non | merci | bonjour | bonsoir | salut | svp"
            " | s'il vous plaît | s'il te plaît | stp | peut-être | si possible | possible | plutôt | aussi"
            " | encore | déjà | juste | seulement | alors | quelque | quelques | chose | quelque chose"
            " | autre | même | tout | tous | toute | sans escale | direct | durée | heure | heures | trouve"
            " | trouver | trouvez | montre | montrez | emmène | propose | proposez | faire | fais | fait"
            " | prendre | donne | dis | dites | aime | rêve | arrive | accessible | marre | vraiment | vite"
            " | rapidement | loin | près | qu | jusqu | chez | entre | visiter | habite | vis | importe"
            " | pardon | préfère | préférerais | disons | idée"
        ),
    },
}
TABLES = (ENGLISH, SPANISH, GERMAN, FRENCH)
