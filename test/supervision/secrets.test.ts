import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { filledIn, supervisionEnvironment } from '../../src/supervision/from-environment.ts';
import { masked, maskedVersions, restored, secretsOf, unmasked } from '../../src/supervision/secrets.ts';

const channels = (...urls: string[]) =>
  `human_supervision:\n  notifications:\n    channels:\n${urls.map((url) => `      - {type: email, webhook_url: ${url}}\n`).join('')}`;

describe('a mask (8.1)', () => {
  it('takes the place of every secret that is written out, and of nothing else', () => {
    const text = `${channels('https://a/1', '"https://b/2"', "'${SLACK_WEBHOOK_URL}'")}  workstation:
    base_url: https://c/3
    api_key: |
      a key
      of two lines
    team_id: x # mine
`;
    expect(
      masked(text, 7),
    ).toBe(`${channels('"********(7.1)"', '"********(7.2)"', "'${SLACK_WEBHOOK_URL}'")}  workstation:
    base_url: https://c/3
    api_key: "********(7.3)"
    team_id: x # mine
`);
    expect(restored(masked(text, 7), secretsOf(text, 7))).toBe(text);
  });

  it('stands for its secret wherever it is moved, and however old its version', () => {
    const old = channels('https://a/1', '"two, quoted"');
    const text = channels('"********(3.2)"', 'https://new', '"********(3.1)"');
    expect(maskedVersions(text)).toEqual([3]);
    expect(unmasked(text, new Map([[3, old]]))).toEqual({
      text: channels('"two, quoted"', 'https://new', 'https://a/1'),
      faults: [],
    });
  });

  it('is a fault where it stands for nothing', () => {
    const text = channels('"********(3.2)"');
    const path = ['human_supervision', 'notifications', 'channels', '0', 'webhook_url'];
    const message = `${path.join('.')} is a mask, and the team has no version with such a secret`;
    expect(unmasked(text, new Map([[3, channels('https://a/1')]]))).toEqual({
      text,
      faults: [{ path, message }],
    });
    expect(unmasked(text, new Map()).faults).toHaveLength(1);
  });

  test('of any secret comes back as that secret, and shows none of it', () => {
    const secret = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((text) => !text.includes('${'));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), (secrets) => {
        const text = channels(...secrets.map((each) => JSON.stringify(each)));
        fc.pre(readConfiguration(text).ok);
        const shown = masked(text, 1);
        const back = unmasked(shown, new Map([[1, text]]));
        expect(restored(shown, secretsOf(text, 1))).toBe(text);
        expect(back.faults).toEqual([]);
        expect(parse(back.text)).toEqual(parse(text));
        for (const { webhook_url } of parse(shown).human_supervision.notifications.channels)
          expect(webhook_url).toMatch(/^\*{8}\(1\.\d\)$/);
      }),
    );
  });
});

describe('what comes from the environment (8.3)', () => {
  const environment = supervisionEnvironment(['HOOK'], { HOOK: 'https://h', OTHER: 'secret' });
  const told = (text: string) => {
    const reading = readConfiguration(text, environment);
    return (reading.ok ? reading.warnings : reading.faults).map(({ message }) => message);
  };

  it('is read where the server lets configurations read it', () => {
    expect(filledIn('a ${HOOK}/x ${HOOK}', environment)).toBe('a https://h/x https://h');
    expect(filledIn('${{HOOK}} $HOOK', environment)).toBe('${{HOOK}} $HOOK');
    expect(filledIn('${SLACK_WEBHOOK_URL}', environment)).toBe(null);
    expect(filledIn('${OTHER}', environment)).toBe(null);
  });

  it('is refused by name where it does not', () => {
    expect(told(channels('"${OTHER}"'))).toEqual([
      "human_supervision.notifications.channels.0.webhook_url reads OTHER, which is not in this server's SUPERVISION_ENV (line 4, column 36)",
    ]);
  });

  it('is told where it is not set, and is text where no setting reads it', () => {
    expect(told(channels('"${SLACK_WEBHOOK_URL}"')).filter((line) => line.includes('reads'))).toEqual([
      'human_supervision.notifications.channels.0.webhook_url reads SLACK_WEBHOOK_URL, which is not set: it is empty (line 4, column 36)',
    ]);
    expect(
      told('agents: [{name: a, human_supervision: {escalation_instructions: "cost ${OTHER}"}}]'),
    ).toEqual([]);
  });
});
