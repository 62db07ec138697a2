// Whether the text around a secret would give it to somebody: in the query or path of a URL, in what a command posts, in
// what a call of a program posts. A credential in the header that it belongs into is used, not sent out; and whoever has
// issued it knows it already.

const LOCAL =
  /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|\[?::1)|(?:\.|^)(?:localhost|internal|local|test|lan|corp|svc)$|^[a-z0-9-]+$/i;
const URL_HOST = /https?:\/\/(?:[^\s/@"'`]{0,100}@)?(?<host>[A-Za-z0-9.[\]:-]{1,253})/g;
const COMMAND =
  /\b(?:curl|wget|nc|ncat|netcat|httpie|https?|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|telnet|sendmail|mail)\b/;
const CALL =
  /\b(?:fetch|axios(?:\.[a-z]+)?|got(?:\.[a-z]+)?|ky(?:\.[a-z]+)?|superagent\.[a-z]+|requests\.[a-z]+|httpx\.[a-z]+|session\.(?:post|put|get)|urlopen|sendBeacon|https?\.(?:request|post|get)|XMLHttpRequest|WebClient|HttpClient|post|send)\s{0,2}\(/g;
const HEADER =
  /(?:authorization|x-api-key|private-token|api-key|cookie|bearer|basic|x-auth-token)["'`]?\s{0,3}[:=,]?\s{0,3}["'`]?(?:bearer |basic |token )?$/i;
/** Options of curl and its like whose value is a credential to be used. */
const USED_IN = /^(?:-H|--header|-u|--user|-b|--cookie|-E|--cert|--key|--oauth2-bearer|-A|--user-agent)$/;

/** Units of the text before a secret that are looked at. */
const BEFORE = 600;

export function isSentOut(text: string, start: number, end: number, issuer?: RegExp): boolean {
  const foreign = (host: string): boolean =>
    !LOCAL.test(host.replace(/:\d+$/, '')) && !issuer?.test(host.replace(/:\d+$/, ''));
  const before = text.slice(Math.max(0, start - BEFORE), start);
  const after = text.slice(end, end + BEFORE);
  return inUrl(before, foreign) || inCommand(before, after, foreign) || inCall(before, foreign);
}

const hostsOf = (text: string): string[] => [...text.matchAll(URL_HOST)].map(({ groups }) => groups!.host!);

/** The URL that it stands in, behind the host: `https://host/path?token=…`. */
function inUrl(before: string, foreign: (host: string) => boolean): boolean {
  const token = before.slice(before.search(/[^\s"'`<>()]*$/));
  const host = /https?:\/\/(?:[^\s/@]{0,100}@)?([A-Za-z0-9.[\]:-]{1,253})[/?#]/.exec(token)?.[1];
  return host !== undefined && foreign(host);
}

function inCommand(before: string, after: string, foreign: (host: string) => boolean): boolean {
  // The line, with those that it continues.
  const line = before.slice(before.search(/(?:\\\n|[^\n])*$/));
  if (!COMMAND.test(line)) return false;
  const option = [...line.matchAll(/\s(--?[A-Za-z][\w-]*)/g)].at(-1)?.[1] ?? '';
  if (USED_IN.test(option) || HEADER.test(line)) return false;
  const rest = after.slice(0, after.search(/(?<!\\)\n|$/));
  return hostsOf(line + rest).some(foreign);
}

/** Within the parentheses of a call that sends, with a foreign address in it. */
function inCall(before: string, foreign: (host: string) => boolean): boolean {
  if (HEADER.test(before)) return false;
  const call = [...before.matchAll(CALL)].at(-1);
  if (call === undefined) return false;
  const inside = before.slice(call.index);
  let depth = 0;
  for (const c of inside) depth += c === '(' ? 1 : c === ')' ? -1 : 0;
  return depth > 0 && hostsOf(inside).some(foreign);
}
