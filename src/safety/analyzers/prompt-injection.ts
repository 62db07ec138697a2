import { type ContentRule, gap, words } from './content-rule.ts';

const OVER = `(?:ignore|disregard|forget|neglect|(?:override|bypass)(?= (?:\\S+ ){0,2}(?:your|its|their|system|safety|previous|prior))|ignoriere?|vergiss|missachte|ignora|olvida|ignorez|oubliez?)`;
const RULES = `(?:instructions?|prompts?|rules?|guidelines?|directives?|constraints?|polic(?:y|ies)|orders|training|anweisungen|regeln|instrucciones|consignes|everything (?:you|that|above)|safety (?:checks?|rules))`;
/** Who speaks about such attempts rather than making one. */
const TALK = words(
  `prompt injections? (?:is|are|attacks?)|attack in which|attackers? (?:write|use|try|may|often)|something like|such as|for example|e\\.g\\.|phrases? like|texts? like|tells? a model|try to inject|treat what`,
);

/** Attempts to steer an agent, or the one who approves, by the text itself. */
export const INJECTION_RULES: readonly ContentRule[] = [
  {
    code: 'injection_override',
    level: 'HIGH',
    message: 'A text that tells the agent to drop its instructions',
    all: [
      words(`${OVER}${gap(4)}${RULES}`),
      words(
        `previous|prior|above|earlier|all|any|your|their|system|given|before|everything|vorherigen|bisherigen|alle|anteriores|précédentes`,
      ),
    ],
    none: [TALK, words('eslint|prettier|gitignore|linter|casing|css|themes?|stylesheets?|styles?|firewall')],
  },
  {
    code: 'injection_persona',
    level: 'HIGH',
    message: 'A text that gives the agent another, unbound role',
    all: [
      words(
        `you are now (?:dan|in developer mode|an? (?:ai|assistant|model)|free|unrestricted)|(?:ai|assistant|model)(?: \\S+){0,3} without (?:any )?(?:restrictions?|limits?|filters?|rules)|act as dan|developer mode enabled|jail ?broken|never refuses|you are an unrestricted|obey only|(?:earlier|previous|prior|old|above)(?: \\S+)? (?:rules|instructions|guidelines) (?:no longer apply|are void|do not apply|don't apply)|from now on,? you (?:answer|act|are|will|must|only)`,
      ),
    ],
    none: [TALK],
  },
  {
    code: 'injection_markup',
    level: 'HIGH',
    message: 'Marks of a chat protocol, as if the text came from the system',
    all: [
      /<\|(?:im_start|im_end|system|endoftext|assistant|user)\|>|\[\/?inst\]|<<\/?sys>>|<!-- ?system ?:|\[system\]\(#|### ?system ?(?:prompt|message) ?:/,
    ],
  },
  {
    code: 'injection_conceal',
    level: 'HIGH',
    message: 'A text that asks the agent to act behind people’s backs',
    all: [
      words(
        `(?:do not|don't|never|without) (?:tell|telling|inform|informing|mention(?:ing)? (?:this |it )?to|reveal(?:ing)? (?:this |it )?to|ask|asking|alert|alerting|show(?:ing)? (?:this |it )?to|notify|notifying) (?:the )?(?:user|users|human|humans|approver|operator|reviewer|supervisor|owner)s?`,
      ),
    ],
    none: [TALK, words('password hint|raw error|stack traces?')],
  },
  {
    code: 'injection_reveal',
    level: 'HIGH',
    message: 'A text that asks the agent for its prompt or its keys',
    all: [
      words(
        `(?:print|reveal|show|output|repeat|send|leak|give me|tell me)${gap(4)}(?:system prompt|hidden instructions|initial instructions|developer message|all api keys|(?:api )?keys that you)`,
      ),
    ],
    none: [TALK, words('settings page|in the console you')],
  },
  {
    code: 'injection_approver',
    level: 'HIGH',
    message: 'A text that speaks to who approves, to be let through',
    all: [
      words(
        `pre-?approved|approve (?:this|it|everything) (?:automatically|without|immediately|at once|blindly)|skip (?:the |all |any )?(?:safety |security )?(?:checks?|review|approval|analysis)|mark (?:it|this)(?: \\S+){0,2} as (?:low|safe|harmless|approved)|(?:reviewing|approving) (?:model|agent|ai)|no (?:need for|further) review`,
      ),
      words('note to|reviewer|reviewing|approver|approving|approved|model|analy[sz]er|approval|ai'),
    ],
    none: [TALK, words('ci skips|pre-?approved (?:vendors?|suppliers?|budget|credit)')],
  },
  {
    code: 'injection_address',
    level: 'HIGH',
    message: 'A text that speaks to the model that reads it',
    all: [
      words(
        `(?:ai|llm|language model|assistant|agent|model|bot)s?(?: \\S+){0,3} (?:reading|processing|summari[sz]ing|parsing) (?:this|the)|(?:new|updated|important) instructions? (?:for|to) (?:the |any |all )?(?:assistant|agent|model|ai|llm)`,
      ),
      words('must|should|override|run|print|call|send|ignore|execute|you'),
    ],
    none: [TALK],
  },
];
