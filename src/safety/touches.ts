import type { Json } from '../kernel/json.ts';
import type { RiskFlag, RiskLevel } from './analyzer.ts';
import { withMasks } from './mask.ts';

// What a call touches, by the words that name it in the action and in the input. Words are whole ones, of names written
// with underscores, hyphens or capitals too (`deleteUser`, `prod-db`); German and English. A word can be meant otherwise:
// a factor here asks for a second look, and is no verdict.

interface Touch {
  code: string;
  /** Of what says that it does so; what merely names it is MEDIUM. */
  level: RiskLevel;
  message: string;
  does: RegExp;
  names?: RegExp;
}

const word = (alternatives: string): RegExp => new RegExp(`(?<![a-zäöü])(?:${alternatives})(?![a-zäöü])`);

const TOUCHES: readonly Touch[] = [
  {
    code: 'touches_production',
    level: 'MEDIUM',
    message: 'It touches production',
    does: word('prod|production|live (?:system|site|database|environment)|produktion|produktiv'),
  },
  {
    code: 'deploys',
    level: 'MEDIUM',
    message: 'It deploys or releases something',
    does: word(
      'deploy(?:s|ed|ing|ment)?|roll ?out|release to|publish(?:es|ing)? (?:the )?(?:package|release|version)|terraform apply|kubectl apply|helm (?:install|upgrade)|ausrollen',
    ),
  },
  {
    code: 'deletes',
    level: 'MEDIUM',
    message: 'It deletes or overwrites something',
    does: word(
      'delet(?:e|es|ed|ing|ion)|remov(?:e|es|ing|al)|drop (?:table|database|schema)|truncat(?:e|es|ing)|purg(?:e|es|ing)|wip(?:e|es|ing)|eras(?:e|es|ing)|destroy(?:s|ing)?|overwrit(?:e|es|ing)|rm -[a-z]+|löschen|lösche',
    ),
  },
  {
    code: 'moves_money',
    level: 'HIGH',
    message: 'It moves money or binds somebody to pay',
    does: word(
      'pay(?:s|ing)?|(?:make|send|issue|approve|trigger)s? (?:an? |the )?payments?|payouts?|refund(?:s|ed|ing)?|wire transfer|bank transfer|transfer(?:s|ring)? (?:of )?(?:the )?(?:money|funds|[$€£]?[0-9])|charg(?:e|es|ing) (?:the |a )?(?:card|customer)|purchas(?:e|es|ing)|buy(?:s|ing)?|überweis(?:en|ung)',
    ),
    names: word('payments?|invoices?|bank accounts?|salar(?:y|ies)|zahlung(?:en)?'),
  },
  {
    code: 'changes_permissions',
    level: 'HIGH',
    message: 'It changes who may do what',
    does: word(
      'grant(?:s|ed|ing)? (?:access|admin|permission|permissions|role|all)|(?:chang|remov|add|set|edit)(?:e|es|ing|s)? (?:the )?(?:permissions?|roles?|iam|acl)|(?:add|make|create)s? (?:an? )?(?:admin|administrator|superuser)|sudoers|chmod|chown|role (?:binding|assignment)|set role',
    ),
    names: word('permissions?|iam|acl|access rights|berechtigung(?:en)?'),
  },
  {
    code: 'sends_out',
    level: 'MEDIUM',
    message: 'It sends something to the outside',
    does: word(
      'send(?:s|ing)? (?:an? |the |this |all )?(?:e[- ]?mails?|mails?|messages?|newsletter|sms|letter|file|report)|e[- ]?mail (?:to|the)|newsletter|post(?:s|ing)? (?:to|on) (?:slack|twitter|x|linkedin|facebook)|tweet|webhook|upload(?:s|ing)?|share(?:s|d)? with|forward(?:s|ing)? (?:it |the )?(?:to|mail)|mail(?:e|en|t)? an',
    ),
  },
  {
    code: 'uses_credentials',
    level: 'HIGH',
    message: 'It touches passwords, keys or other credentials',
    does: word(
      '(?:read|show|print|get|export|rotate|reset|change|create|list|dump|copy|send)(?:s|ing)? (?:the |all |an? |my |your )?(?:[a-z]+ )?(?:passwords?|passwort|credentials?|api keys?|secrets?|private keys?|access tokens?|ssh keys?)',
    ),
    names: word(
      'passwords?|passwort|credentials?|api keys?|secrets?|private keys?|access tokens?|ssh keys?|vault|zugangsdaten',
    ),
  },
];

/** Longer strings are documents: what they speak of is not what the call does. They are analysed for flags instead. */
const LONGEST_STRING = 500;

/** Words set apart as people write them: `deleteUser_now` reads "delete user now". */
const spoken = (text: string): string =>
  text
    .replace(/([a-zäöü0-9])([A-ZÄÖÜ])/g, '$1 $2')
    .replace(/[_./:]+/g, ' ')
    .replace(/(?<=[a-zA-Z0-9])-(?=[a-zA-Z0-9])/g, ' ')
    .replace(/\s+/g, ' ')
    .toLowerCase();

export function touched(action: string, input: Json): RiskFlag[] {
  const text = spoken(`${action} \n ${stringsOf(input)}`);
  const factors: RiskFlag[] = [];
  for (const { code, level, message, does, names } of TOUCHES) {
    const done = does.exec(text);
    const found = done ?? names?.exec(text);
    if (!found) continue;
    const evidence = withMasks(found[0], []);
    factors.push({ category: 'POLICY', code, level: done ? level : 'MEDIUM', message, evidence });
  }
  const codes = new Set(factors.map(({ code }) => code));
  if (codes.has('touches_production') && codes.has('deletes'))
    factors.push({
      category: 'POLICY',
      code: 'deletes_in_production',
      level: 'HIGH',
      message: 'It deletes or overwrites something in production',
      evidence: null,
    });
  return factors;
}

function stringsOf(value: Json): string {
  if (typeof value === 'string') return value.length > LONGEST_STRING ? '' : value;
  if (value === null || typeof value !== 'object') return '';
  if (Array.isArray(value)) return value.map(stringsOf).join(' \n ');
  return Object.entries(value)
    .map(([key, child]) => `${key} ${stringsOf(child)}`)
    .join(' \n ');
}
