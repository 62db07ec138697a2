import type { Analyzer, Finding, Text } from '../analyzer.ts';
import { finding, matches, placeIn } from './matches.ts';
import { isPlaceholder, looksRandom } from './random-looking.ts';
import { scan } from './secretlint.ts';
import { isSentOut } from './sent-out.ts';

// Secrets by their own shape (a vendor's prefix, a private key, a JWT), by where they stand (a header, the password of a
// URL), and by the name that they are assigned to. Secretlint's recommended rules run beside them. HIGH; CRITICAL where
// the text would send the secret to somebody who has not issued it (sent-out.ts).
//
// Patterns have no repetition within a repetition, and every one that could begin anywhere is bounded.

interface Shape {
  code: string;
  message: string;
  pattern: RegExp;
  /** Hosts of who issued it: sending it there is using it. */
  issuer?: RegExp;
}

const B = String.raw`(?<![A-Za-z0-9_-])`;
const shape = (code: string, message: string, pattern: string, issuer?: RegExp): Shape => ({
  code,
  message,
  pattern: new RegExp(pattern, 'g'),
  ...(issuer && { issuer }),
});

export const SHAPES: readonly Shape[] = [
  shape(
    'github_token',
    'A GitHub token',
    `${B}(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})`,
    /(^|\.)github\.com$/,
  ),
  shape(
    'gitlab_token',
    'A GitLab token',
    `${B}gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{20,255}`,
    /(^|\.)gitlab\.com$/,
  ),
  shape('slack_token', 'A Slack token', `${B}xox[abeoprs]-[A-Za-z0-9-]{10,255}`, /(^|\.)slack\.com$/),
  shape(
    'slack_webhook',
    'A Slack webhook, which anybody may post to',
    String.raw`https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,200}`,
    /(^|\.)slack\.com$/,
  ),
  shape(
    'aws_access_key',
    'The id of an AWS access key',
    `${B}(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])`,
    /(^|\.)amazonaws\.com$/,
  ),
  shape('stripe_key', 'A Stripe key', `${B}[rs]k_live_[A-Za-z0-9]{16,255}`, /(^|\.)stripe\.com$/),
  shape(
    'openai_key',
    'An OpenAI key',
    `${B}sk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{32,255}`,
    /(^|\.)openai\.com$/,
  ),
  shape('anthropic_key', 'An Anthropic key', `${B}sk-ant-[A-Za-z0-9_-]{32,255}`, /(^|\.)anthropic\.com$/),
  shape(
    'google_key',
    'A Google API key',
    `${B}AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])`,
    /(^|\.)google(apis)?\.com$/,
  ),
  shape('npm_token', 'An npm token', `${B}npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])`, /(^|\.)npmjs\.org$/),
  shape('pypi_token', 'A PyPI token', `${B}pypi-[A-Za-z0-9_-]{50,255}`, /(^|\.)pypi\.org$/),
  shape(
    'sendgrid_key',
    'A SendGrid key',
    String.raw`${B}SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}`,
    /(^|\.)sendgrid\.com$/,
  ),
  shape(
    'twilio_key',
    'A Twilio key or account',
    `${B}(?:SK|AC)[0-9a-f]{32}(?![0-9a-zA-Z])`,
    /(^|\.)twilio\.com$/,
  ),
  shape(
    'digitalocean_token',
    'A DigitalOcean token',
    `${B}do[opr]_v1_[0-9a-f]{64}`,
    /(^|\.)digitalocean\.com$/,
  ),
  shape(
    'hugging_face_token',
    'A Hugging Face token',
    `${B}hf_[A-Za-z]{34}(?![A-Za-z])`,
    /(^|\.)huggingface\.co$/,
  ),
  shape('vault_token', 'A HashiCorp Vault token', String.raw`${B}hv[sb]\.[A-Za-z0-9_-]{24,255}`),
  shape('holdpoint_key', 'A key of Holdpoint itself', `${B}hp_[A-Za-z0-9_-]{32,255}`),
  shape(
    'private_key',
    'A private key',
    String.raw`-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,-]{0,8000}`,
  ),
  shape(
    'json_web_token',
    'A JSON Web Token',
    String.raw`${B}eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{16,2000}`,
  ),
  shape(
    'azure_key',
    'A key of an Azure account',
    String.raw`(?:AccountKey|SharedAccessKey)=(?<value>[A-Za-z0-9+/]{40,100}={0,2})`,
  ),
  shape(
    'bearer_token',
    'A bearer token',
    String.raw`\b[Bb]earer\s{1,3}(?<value>[A-Za-z0-9._~+/-]{20,2000}={0,2})`,
  ),
  shape(
    'basic_credentials',
    'User and password of an Authorization header',
    String.raw`\bBasic\s{1,3}(?<value>[A-Za-z0-9+/]{12,500}={0,2})(?![A-Za-z0-9+/])`,
  ),
  shape(
    'url_password',
    'A URL or connection string with its password',
    String.raw`[a-z][a-z0-9+.-]{1,20}://[^\s:/@"'\x60<>]{0,80}:(?<value>[^\s/@"'\x60<>]{4,200})@[A-Za-z0-9[]`,
  ),
];

const NAME = String.raw`(?:passw(?:or)?d|passwort|pwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?key|credentials?)`;
/** name = value, "name": "value", name => value, //registry/:_authToken=value. */
export const ASSIGNED = new RegExp(
  String.raw`${NAME}(?<rest>[\w-]{0,24})["'\x60\])]{0,3}\s{0,4}(?::=|=>|[:=])\s{0,4}["'\x60]{0,3}(?<value>[^\s"'\x60,;<>(){}[\]|]{8,300})`,
  'gi',
);
/** "the password is …", "Das Passwort lautet …". */
export const SAID =
  /(?:passw(?:or)?d|passwort|passphrase|pin|token)\s{1,3}(?:is|ist|lautet|was|will be)\s{0,2}:?\s{1,3}["'`“„]?(?<value>[^\s"'`“”;,<>]{8,200})/gi;
const FIELD = new RegExp(`${NAME}(?<rest>[\\w-]{0,24})$`, 'i');
/** Names that end so hold what is no secret: a count, a hash, a name, a place to find it. */
const REST_IS_HARMLESS =
  /count|limit|hash|_?id$|name|file|path|url|uri|type|field|length|used|budget|expir|ttl|ref|policy|hint|label|placeholder|izer|s$/i;

export const secrets: Analyzer = {
  name: 'secrets',
  looksAt: ['INPUT', 'RESPONSE'],
  async analyze({ texts }) {
    const found: Finding[] = [];
    for (const text of texts) found.push(...shapes(text), ...assignments(text), ...(await linted(text)));
    return onePerPlace(found);
  },
};

function* shapes(text: Text): Generator<Finding> {
  for (const { code, message, pattern, issuer } of SHAPES) {
    for (const { at, value } of matches(pattern, text)) {
      if (isPlaceholder(value) || (code === 'url_password' && ANYBODYS.test(value))) continue;
      if ((code === 'bearer_token' || code === 'basic_credentials') && !looksRandom(value)) continue;
      if (code === 'basic_credentials' && !holdsColon(value)) continue;
      yield secret(text, at, value.length, code, message, issuer);
    }
  }
}

/** Passwords that documentation and test databases have. */
const ANYBODYS =
  /^(?:password|passwd|passwort|pass|pw|pwd|secret|admin|root|postgres|mysql|redis|user|test|guest|local|dev)\d{0,3}$/i;

const holdsColon = (base64: string): boolean =>
  /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, 'base64').toString('latin1'));

function* assignments(text: Text): Generator<Finding> {
  for (const pattern of [ASSIGNED, SAID]) {
    for (const { match, at, value } of matches(pattern, text)) {
      if (REST_IS_HARMLESS.test(match.groups?.rest ?? '') || !looksRandom(value)) continue;
      yield secret(
        text,
        at,
        value.length,
        'assigned_secret',
        'What stands under a name for secrets looks like one',
      );
    }
  }
  const field = text.isKey ? null : FIELD.exec(text.name);
  if (field && !REST_IS_HARMLESS.test(field.groups!.rest!) && !/\s/.test(text.text) && looksRandom(text.text))
    yield secret(
      text,
      0,
      text.text.length,
      'assigned_secret',
      'What stands under a name for secrets looks like one',
    );
}

async function linted(text: Text): Promise<Finding[]> {
  // Shorter ones hold no secret that its rules know.
  if (text.text.length < 16) return [];
  const found = await scan(text.text);
  return found
    .filter(({ start, end }) => !isPlaceholder(text.text.slice(start, end)))
    .map(({ start, end, rule }) =>
      secret(text, start, end - start, 'known_secret', `What Secretlint's rule ${rule} finds`),
    );
}

function secret(
  text: Text,
  start: number,
  length: number,
  code: string,
  message: string,
  issuer?: RegExp,
): Finding {
  const end = start + length;
  const where = placeIn(text, start, end);
  return isSentOut(text.text, start, end, issuer)
    ? finding(
        'SECRET',
        'CRITICAL',
        'secret_sent_out',
        `${message}, which this would send to somebody else`,
        where,
      )
    : finding('SECRET', 'HIGH', code, message, where);
}

/** The first finding of a place stands: the shapes come first, and know who has issued the secret. */
function onePerPlace(found: readonly Finding[]): Finding[] {
  const byText = new Map<string, Finding[]>();
  return found.filter((each) => {
    const { path, isKey, start, end } = each.where!;
    const key = `${isKey} ${path}`;
    const others = byText.get(key) ?? [];
    if (others.some(({ where }) => where!.start < end && start < where!.end)) return false;
    byText.set(key, others);
    others.push(each);
    return true;
  });
}
