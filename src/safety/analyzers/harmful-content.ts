import { type ContentRule, gap, words } from './content-rule.ts';

// What harmful prose is recognised by. A rule holds where all its patterns meet within one sentence (or three that follow
// one another) and none of its exceptions does: the words of the harm alone say nothing, so each rule also asks for what
// makes them an instruction, a threat, a plan. Exceptions are refusals, reports, and advice against it. Mostly English,
// with the commonest phrases in German, Spanish and French.
//
// The text is lower case, its words parted by single spaces: ` \S+` is one word, and a gap of words is bounded.

const REFUSAL = words(
  `(?:can ?not|can't|won't|will not|unable to|refuse to|must not|never|do not|don't|not going to) (?:help|assist|support|explain|provide|build|make|try|share|do|give|buy|use)|is (?:forbidden|prohibited|illegal|a crime)|are (?:forbidden|prohibited|illegal)|not allowed|we do not allow`,
);
const REPORT = words(
  `arrested|convicted|sentenced|charged with|police said|prosecutors?|investigators?|according to|historians?|chapter|museum|in (?:1[0-9]|20)\\d\\d|novel|inspector|study|studies|court|the law|new law|bans?|punish(?:es|ed)|world war|was developed|the film|the game|recipe for disaster`,
);
const DEFENCE = words(
  `detect(?:s|ed)?|detection (?:of|rules?|system)|prevent(?:s|ed|ion|ing)?|protect(?:s|ed|ion|ing)?|recogni[sz]e|defen[cs]e|defend|mitigat\\w+|offline backups|isolate|authori[sz]ed in writing|awareness|limits? the damage|security (?:software|team)|train employees|warn(?:s|ed|ing)?|report (?:it|them|the|suspicious)|flag (?:orders|payments|accounts)|was blocked|quarantin\\w+`,
);
const ADVICE = [REFUSAL, REPORT, DEFENCE];

const HOW = words(
  `how to|how you|here is how|here's how|step|steps|guide|recipe|instructions?|procedure|tutorial|method|ratio|you (?:only |just )?need|lets you|let you|i'll explain|i will explain|explain how|show you|as follows|at home|homemade|home-made|household|in your (?:garage|kitchen)|with a cheap|paso a paso|te explico|cómo|anleitung|schritt|so baust du|wie man|comment fabriquer|étape`,
);
const MAKE = words(
  `build|building|make|making|construct|assembl(?:e|ing)|manufactur(?:e|ing)|prepar(?:e|ing)|synthesi[sz](?:e|ing)|cook|cooking|brew|produc(?:e|ing)|mix|mixing|print|create|craft|cultivat\\w+|enrich|fabricar|hacer|bauen|baust|herstellen|fabriquer`,
);
const WEAPON = words(
  `(?:pipe |car |nail |dirty |petrol |fertili[sz]er )?bombs?|bomb vest|explosives?|molotov|grenades?|detonators?|nerve (?:agents?|gas)|sarin|ricin|anthrax|mustard gas|bioweapons?|(?:biological|chemical|nuclear) weapons?|ghost guns?|(?:untraceable|illegal|3d[- ]printed) (?:guns?|weapons?)|firearms?|silencers?|landmines?|bomba|bombe|sprengstoff|sprengsatz|explosivos?|explosif`,
);
const PERSON = `(?:him|her|them|you|your (?:husband|wife|boss|neighbou?r|ex|father|mother|parents|brother|sister|teacher|family|children|kids)|my (?:husband|wife|boss|neighbou?r|ex)|(?:every|all|the|as many|those|these|some|a|an)(?: \\S+){0,2} (?:people|persons?|students?|pupils|children|kids|women|men|man|woman|police(?:men)?|officers?|cops?|unbelievers|infidels|immigrants|migrants|muslims?|jews?|christians?|gays?|crowd|neighbou?rs?|teachers?|colleagues|politicians?|judge|hostages?)|people|innocent)`;
const HURT = `(?:kill|murder|strangle|stab|shoot|behead|slaughter|beat|burn|poison|hurt|torture|maim|run over|drown|attack|execute|exterminate)`;

export const CONTENT_RULES: readonly ContentRule[] = [
  {
    code: 'weapon_instructions',
    level: 'HIGH',
    message: 'Instructions for a weapon or for explosives',
    all: [MAKE, WEAPON, HOW],
    none: [...ADVICE, words('bath bombs?|photo ?bomb\\w*|seed bombs?')],
  },
  {
    code: 'mass_harm',
    level: 'HIGH',
    message: 'A plan to harm many people by poison or disease',
    all: [
      words('pathogens?|virus|bacteria|toxins?|poison|gas|chemicals?|germs?'),
      words('release|spread|contaminate|infect|disperse|put'),
      words(
        'as many (?:people|victims)|people as possible|crowds?|subway|water supply|the whole city|population|stadium',
      ),
    ],
    none: [REPORT, DEFENCE],
  },
  {
    code: 'violence_instructions',
    level: 'HIGH',
    message: 'Instructions or a call for violence against people',
    all: [
      words(`${HURT}${gap(3)}${PERSON}`),
      words(
        `how to|(?:best|safest|easiest|perfect|only|quickest) (?:way|moment|time|place)|plan|you (?:should|must|can|need to|have to)|so that (?:nobody|no one)|without (?:anyone|anybody|being)|make it look like|carry out|until (?:he|she|they) (?:stops?|dies?)|as many|film it|wherever you find|step|go and|let us|let's|join`,
      ),
    ],
    none: [
      REPORT,
      REFUSAL,
      words('photos?|camera|flash|lens|portraits?|process(?:es)?|enemy|enemies|player'),
    ],
  },
  {
    code: 'violence_instructions',
    level: 'HIGH',
    message: 'Instructions or a call for violence against people',
    all: [
      words(
        `(?:throw|pour|splash)${gap(4)}acid|acid${gap(3)}face|set fire to${gap(8)}(?:asleep|inside|them|people)|burn down${gap(6)}(?:asleep|inside|them|people)|(?:put|slip|drop|mix|pour)${gap(3)}(?:poison|drugs?|pills?|sedatives?|roofies?|ghb)${gap(4)}(?:tea|drink|food|coffee|beer|glass|wine|meal|soup)`,
      ),
      words('his|her|their|him|them|they|the victim|the (?:girl|woman|man|house)'),
    ],
    none: [REPORT, DEFENCE, REFUSAL],
  },
  {
    code: 'threat',
    level: 'HIGH',
    message: 'A threat against somebody',
    all: [
      words(
        `(?:i|we)(?: am| are|'m|'re)?(?: will| shall| going to| gonna|'ll)+${gap(2)}(?:kill|hurt|shoot|stab|beat|destroy|find|burn|murder|break) (?:you|your (?:family|children|kids|house|legs|wife|husband|face))|(?:i|we) know where (?:you|your (?:family|children|kids)) (?:live|lives|go|are)|you (?:will|are going to) (?:die|regret|pay for)|watch your back`,
      ),
    ],
    none: [REPORT, words('the king says|in the (?:second|third|first) act|find you (?:a|an|the|another)')],
  },
  {
    code: 'abduction',
    level: 'HIGH',
    message: 'A plan to abduct somebody, or to hold or sell people',
    all: [
      words(
        `(?:abduct|kidnap)${gap(1)}(?:him|her|them|the|a)|force (?:him|her|them) into|take (?:him|her|them) hostage|take away their passports|into prostitution|sell (?:the )?(?:girls|women|children)|force${gap(3)}(?:prostitution|slavery|brothel)`,
      ),
    ],
    none: ADVICE,
  },
  {
    code: 'terrorism',
    level: 'HIGH',
    message: 'A call to terrorism',
    all: [
      words(
        `join (?:the )?(?:jihad|holy war|armed struggle|caliphate)|carry out (?:an? |the )?(?:\\S+ )?attack|kill the (?:unbelievers|infidels)|martyrdom`,
      ),
      words('brothers|your own city|kill|join us|join|unbelievers|infidels|glory|duty'),
    ],
    none: [REPORT, DEFENCE, words('pen(?:etration)?[- ]?test|simulated|red team|staging')],
  },
  {
    code: 'hoax_emergency',
    level: 'HIGH',
    message: 'A false alarm that sends armed police to somebody',
    all: [
      words(
        `(?:fake|false|hoax|spoofed)(?: \\S+){0,2} (?:bomb threat|emergency call|911 call|hostage)|swatting`,
      ),
      words('call|send|report|so that|his|her|their'),
    ],
    none: ADVICE,
  },
  {
    code: 'self_harm',
    level: 'HIGH',
    message: 'Encouragement or a method to harm oneself',
    all: [
      words(
        `(?:kill|hang|cut|cutting|starve|drown|harm|harming|shoot|hurt) yourself|kill themselves|commit suicide|take your own life|end (?:your life|it all|it tonight)|(?:nobody|no one) (?:would|will) miss you|better off (?:dead|without you)|bring dich um|nimm dir das leben|niemand wird dich vermissen|quítate la vida|suicide methods?|hide (?:your )?(?:eating disorder|the scars)|purge after`,
      ),
    ],
    none: [
      words(
        `(?:do not|don't|never|please|if you are|are you)(?: \\S+){0,3} (?:starve|kill|hurt|harm|thinking|call)|crisis line|hotline|emergency number|988|therapist|prevention|talk to (?:someone|a)`,
      ),
    ],
  },
  {
    code: 'hate',
    level: 'HIGH',
    message: 'Hatred of a group of people',
    all: [
      words(
        `immigrants?|migrants?|refugees?|foreigners?|jews?|jewish people|muslims?|hindus?|blacks|black people|white people|asians|africans?|arabs?|mexicans?|gyps(?:y|ies)|roma|women|females?|gays?|homosexuals?|lesbians?|transgender people|trans people|disabled people|the disabled|ausländer|juden|flüchtlinge`,
      ),
      words(
        `vermin|rats|cockroaches|parasites?|sub-?humans?|inferior|a disease|a plague|scum|filth|savages|wiped out|exterminat\\w+|gassed|too stupid|too dumb|(?:must|should|have to|deserve to|need to) be (?:eliminated|eradicated|beaten|killed|shot|hanged|burned|sterili[sz]ed|wiped|removed from)|(?:must|should) not have the right|no right to (?:live|vote)|control all the (?:banks|media)|do not deserve to live|ungeziefer|abschaum`,
      ),
    ],
    none: [
      words(
        `not allow|hate speech|propaganda|study|holocaust|nazi germany|murder of|discriminat\\w+|racis[tm]|removed|banned|condemn\\w*|wrong to|false claim|conspiracy theor\\w+`,
      ),
    ],
  },
  {
    code: 'malware',
    level: 'HIGH',
    message: 'Malicious software, made or used',
    all: [
      words(
        'ransomware|malware|key ?loggers?|trojan|rootkit|spyware|botnet|computer virus|worm|info ?stealers?|backdoor|crypto ?locker',
      ),
      words(
        `encrypts?${gap(3)}(?:files|victim\\S*|disk)|victim\\S*|records every|spreads? (?:to|across|through|itself)|evad(?:es?|ing)|bypass(?:es|ing)?|undetect\\w+|steals?|uploads? (?:it|them|everything)? ?to|runs? hidden|deletes? the (?:backups|logs)|payment note|our wallet|i (?:wrote|made|built|created|have written)|rent|install it on|without (?:his|her|their) knowledge`,
      ),
    ],
    none: [DEFENCE, REFUSAL, REPORT, words('antivirus detected|incident|reinstalled|response team')],
  },
  {
    code: 'denial_of_service',
    level: 'HIGH',
    message: 'An attack that takes somebody else’s service down',
    all: [
      words(
        `(?:launch|start|rent|buy|run|order|use)${gap(4)}(?:ddos|botnet|denial[- ]of[- ]service|booter|stresser)`,
      ),
      words(`competitor\\S*|(?:goes|go|is|stays?) (?:down|offline)|their|victim|website|shop|server|against`),
    ],
    none: [REFUSAL, REPORT, words('protect|mitigat\\w+|own|staging|authori[sz]ed')],
  },
  {
    code: 'intrusion',
    level: 'HIGH',
    message: 'Breaking into somebody else’s account or system',
    all: [
      words(
        `(?:hack|break|get|breaking|hacking) into${gap(4)}(?:accounts?|phones?|databases?|e-?mails?|mailbox|instagram|servers?|networks?|wi-?fi|computers?|systems?)|hack (?:her|his|their|the|your)${gap(2)}(?:account|phone|computer|instagram|facebook|wi-?fi)|steal${gap(3)}(?:passwords?|credentials?|records|identity|cookies|sessions?)|stolen credentials|on the dark web`,
      ),
    ],
    none: [
      REFUSAL,
      REPORT,
      DEFENCE,
      words('authori[sz]ed|has been agreed|with permission|attackers? (?:could|can|may|might)'),
    ],
  },
  {
    code: 'theft_instructions',
    level: 'MEDIUM',
    message: 'Instructions for theft or burglary',
    all: [
      words(
        `(?:steal|hot ?wire|shoplift|rob|burgle)${gap(3)}(?:cars?|bikes?|bicycles?|house|shop|store|goods|wallet|phone|bank|neighbou?r\\S*)|break into${gap(3)}(?:cars?|house|flat|apartment|shop|store|warehouse)`,
      ),
      HOW,
    ],
    none: ADVICE,
  },
  {
    code: 'covert_surveillance',
    level: 'MEDIUM',
    message: 'Watching somebody without their knowledge',
    all: [
      words(
        `secretly|hidden (?:app|camera)|without (?:her|his|their|him|them) (?:knowledge|knowing|consent|noticing)|spy on`,
      ),
      words('track|location|messages|phone|camera|record|read'),
      words(
        'girlfriend\\S*|wife\\S*|husband\\S*|boyfriend\\S*|partner\\S*|ex|her|his|employee\\S*|daughter\\S*|neighbou?r\\S*',
      ),
    ],
    none: ADVICE,
  },
  {
    code: 'doxxing',
    level: 'MEDIUM',
    message: 'Spreading somebody’s private data to harm them',
    all: [
      words(
        `(?:publish|post|leak|share|spread)${gap(4)}(?:home address|private (?:address|photos?|number)|phone number|children's school)`,
      ),
      words(`hell|afraid|call to|everyone|followers|revenge|so that|punish|online|public`),
    ],
    none: [REFUSAL, words('do not|never|policy')],
  },
  {
    code: 'blackmail',
    level: 'HIGH',
    message: 'Blackmail',
    all: [
      words('pay|send|transfer|bitcoins?'),
      words(
        `(?:or|otherwise|unless|else)${gap(2)}(?:we|i)(?:'ll| will)? (?:will )?(?:publish|leak|release|expose|tell|post|show|send${gap(8)}to (?:your|his|her|the press|everyone))`,
      ),
      words('photos?|pictures|videos?|secrets?|messages|data|affair|files|everything'),
    ],
    none: [REPORT, DEFENCE],
  },
  {
    code: 'phishing',
    level: 'HIGH',
    message: 'A message that tricks people out of their credentials',
    sentences: 3,
    all: [
      words('account|card|access|konto|mailbox|package|paket'),
      words('suspended|blocked|locked|limited|restricted|deactivated|on hold|gesperrt'),
      words('verify|confirm|enter|update|re-enter|validate|bestätigen'),
      words(
        'passwords?|card numbers?|pin|credentials|login details|identity|social security|bank details|passwort|kreditkarte',
      ),
      words('https?|link|click|at|here|hier|within'),
    ],
    none: [words('phishing mails?|never ask|do not click|report the mail|check the sender')],
  },
  {
    code: 'phishing',
    level: 'HIGH',
    message: 'A message that tricks people out of their credentials',
    all: [
      words('phishing|fake (?:login|page|site|website|mail)|spoofed'),
      words(
        `so that|pretends? to|type their|enter their|harvest|collect(?:s|ing)? (?:the|their)|trick(?:s|ing)?|impersonat\\w+`,
      ),
      words('credentials?|passwords?|logins?|details|card numbers?'),
    ],
    none: [REFUSAL, REPORT, DEFENCE, words('simulat\\w+|do not click')],
  },
  {
    code: 'gift_card_fraud',
    level: 'MEDIUM',
    message: 'The pattern of gift-card fraud',
    sentences: 3,
    all: [
      words('gift ?cards?|itunes cards?|vouchers?'),
      words(`send${gap(2)}(?:the )?(?:codes?|numbers|pins?|photos?)|scratch`),
    ],
    none: ADVICE,
  },
  {
    code: 'forged_documents',
    level: 'MEDIUM',
    message: 'Forged or invented documents',
    all: [
      words(
        `(?:fake|false|forged|fraudulent|bogus|invented)(?: \\S+)? (?:invoices?|reviews?|receipts?|documents?|contracts?|testimonials?|certificates?|ratings?)|falsify(?:ing)?|forg(?:e|ing) (?:the|a|his|her|their|your)|backdat(?:e|ing)|fabricat(?:e|ing) (?:the |some )?(?:results|data|evidence|receipts)`,
      ),
      words(
        `send|post|write|wrote|written|create|submit|issue|receipts?|contract|signature|show you|so the|from different|by|tax`,
      ),
    ],
    none: ADVICE,
  },
  {
    code: 'forged_identity',
    level: 'HIGH',
    message: 'Forged identity documents',
    all: [
      words(
        `(?:forg(?:e|ing)|fake|counterfeit\\w*|buy an? fake)${gap(3)}(?:passports?|id cards?|identity cards?|driving licen[cs]es?|driver's licen[cs]es?|visas?|birth certificates?)`,
      ),
      words('how|show|pass(?:es)?|hologram|buy|make|border|control|police'),
    ],
    none: ADVICE,
  },
  {
    code: 'money_laundering',
    level: 'HIGH',
    message: 'Money laundering',
    all: [
      words(
        `launder(?:ing)? (?:the |your |dirty )?(?:money|cash|funds|proceeds)|(?:shell|offshore) compan(?:y|ies)|below the reporting (?:limit|threshold)`,
      ),
      words(`trace|split|hide|hidden|move it|clean|authorities cannot|so that|small deposits`),
    ],
    none: [DEFENCE, REPORT, words('must identify|suspicious|disguises')],
  },
  {
    code: 'payment_fraud',
    level: 'HIGH',
    message: 'Fraud with cards or accounts of others',
    all: [
      words(
        `stolen (?:credit |debit )?cards?|carding|cloned cards?|skimm(?:er|ing)|card numbers? (?:that )?(?:we|i) (?:bought|stole)`,
      ),
      words('use|buy|order|resell|proxy|cash out|test them|drop|before the'),
    ],
    none: [DEFENCE, REPORT, REFUSAL, words('shared list')],
  },
  {
    code: 'investment_fraud',
    level: 'MEDIUM',
    message: 'A fraudulent investment',
    all: [
      words('ponzi|pyramid scheme|pump[- ]and[- ]dump|guaranteed (?:return|profit)s? of'),
      words('we|run|start|invest(?:ors)?|victims?|build|buy now|disappear'),
    ],
    none: [REFUSAL, REPORT, DEFENCE, words('is a (?:form of )?fraud|signs of')],
  },
  {
    code: 'tax_fraud',
    level: 'MEDIUM',
    message: 'Hiding income from the tax authorities',
    all: [
      words(`(?:hide|conceal|evade|evading|not declare|leave out)${gap(6)}(?:tax(?:es)?|income|revenue)`),
      words('tax office|irs|authorities|falsif\\w+|cash|nobody|backdat\\w+|finanzamt'),
    ],
    none: ADVICE,
  },
  {
    code: 'drug_instructions',
    level: 'HIGH',
    message: 'Instructions for illegal drugs',
    all: [
      MAKE,
      words('meth|methamphetamine|crystal meth|heroin|cocaine|crack cocaine|fentanyl|lsd|mdma|ghb'),
      HOW,
    ],
    none: ADVICE,
  },
  {
    code: 'sexual_minors',
    level: 'HIGH',
    message: 'Sexual content about minors',
    all: [
      words('sexual(?:ly|i[sz]ed)?|erotic|nudes?|naked|porn\\w*'),
      words(
        `child(?:ren)?|minors?|underage|(?:\\S+[- ]year[- ]old)(?: \\S+)? (?:girl|boy|child)|little (?:girl|boy)|schoolgirl|teenagers?`,
      ),
    ],
    none: [
      words(
        'abuse|prevent\\w*|protect\\w*|report\\w*|law|education|illegal|safeguard\\w*|banned|not allow\\w*|study|health',
      ),
    ],
  },
];
