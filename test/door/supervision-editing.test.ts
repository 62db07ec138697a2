import { describe, expect, test } from 'vitest';
import { countEvents } from '../support/events-of.ts';
import { app, id, PAYLOAD, run, world } from './desk.ts';

const update = (yaml: string, baseVersion?: number) =>
  run(
    'ADMIN',
    `mutation($id: ID!, $yaml: String!, $baseVersion: Int) {
       updateSupervision(teamId: $id, yaml: $yaml, baseVersion: $baseVersion) { ${PAYLOAD} team { supervision supervisionVersion } } }`,
    { id: world.teamId, yaml, baseVersion },
  );
const check = (yaml: string) =>
  run(
    'ADMIN',
    `query($id: ID!, $yaml: String!) { checkSupervision(teamId: $id, yaml: $yaml) {
       version faults { path line column message } warnings { path line column message } changes { path before after } } }`,
    { id: world.teamId, yaml },
  );
const simulate = (yaml: string, event: object) =>
  run(
    'ADMIN',
    `query($id: ID!, $yaml: String!, $event: JSON!) { simulateSupervision(teamId: $id, yaml: $yaml, event: $event) {
       faults { line message } eventFaults answer } }`,
    { id: world.teamId, yaml, event },
  );
const versions = (args = '') =>
  run(
    'VIEWER',
    `query($id: ID!) { supervisionVersions(teamId: $id ${args}) {
       nodes { version yaml setBy { id kind } createdAt } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    { id: world.teamId },
  );
const countOfEvents = () => countEvents(app.database.prisma, { teamId: world.teamId });
const timeout = (seconds: number) => `human_supervision: {global: {timeout: ${seconds}}}\n`;
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';
const webhook = (secret: string) =>
  `human_supervision:\n  notifications:\n    channels:\n      - {type: webhook, events: [timeout], webhook_url: "https://hooks.example/a", secret: ${secret}}\n`;

describe('a configuration that is being written', () => {
  test('is checked as it would be set: every fault with its place, or warnings and changes (8.1)', async () => {
    await update(timeout(60));
    expect(await check('human_supervision:\n  global:\n    timeout: soon\ntools: []\n')).toEqual({
      version: 1,
      faults: [
        {
          path: ['human_supervision', 'global', 'timeout'],
          line: 3,
          column: 14,
          message:
            'human_supervision.global.timeout must be a whole number from 1 to 31536000 (line 3, column 14)',
        },
        {
          path: ['tools'],
          line: 4,
          column: 1,
          message: 'tools is not supported by this version (line 4, column 1)',
        },
      ],
      warnings: [],
      changes: [],
    });
    expect(
      await check('human_supervision:\n  global: {timeout: 90}\n  audit: {log_all_interactions: true}\n'),
    ).toEqual({
      version: 1,
      faults: [],
      warnings: [
        {
          path: ['human_supervision', 'audit', 'log_all_interactions'],
          line: 3,
          column: 11,
          message: expect.stringContaining('log_all_interactions is not used'),
        },
      ],
      changes: [
        { path: 'human_supervision.audit.log_all_interactions', before: null, after: true },
        { path: 'human_supervision.global.timeout', before: 60, after: 90 },
      ],
    });
    expect(await check('')).toMatchObject({
      changes: [{ path: 'human_supervision.global.timeout', before: 60, after: null }],
    });
  });

  test('keeps its masks, whose secrets no check tells; a mask of nothing is a fault (8.1)', async () => {
    const { team } = await update(webhook(SECRET));
    const masked: string = team.supervision;
    expect(masked).toContain('********(1.2)');
    expect(await check(masked)).toMatchObject({ faults: [], changes: [] });
    const other = await check(masked.replace('(1.2)', '(7.2)'));
    expect(other).toMatchObject({
      faults: [
        { line: 4, message: expect.stringMatching(/secret is a mask, and .* \(line 4, column \d+\)$/) },
      ],
    });
    const changed = await check(webhook('whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4'));
    expect(changed.changes).toEqual([
      { path: expect.stringMatching(/secret$/), before: '********', after: '********' },
    ]);
    expect(JSON.stringify([await versions(), changed])).not.toContain('whsec_');
  });

  test('is tried on an event: what would be asked, or what is wrong with either (8.4)', async () => {
    const yaml =
      'human_supervision:\n  intervention_types:\n    decision:\n      triggers: [{condition: "cost > 10"}]\n';
    expect(
      await simulate(yaml, { agentName: 'coder', type: 'tool_call', metrics: { cost: 12 } }),
    ).toMatchObject({
      faults: [],
      eventFaults: [],
      answer: { directive: 'PAUSE', trigger: 'cost > 10', type: 'DECISION' },
    });
    expect(
      await simulate(yaml, { agentName: 'coder', type: 'tool_call', metrics: { cost: 9 } }),
    ).toMatchObject({
      answer: { directive: 'CONTINUE' },
    });
    expect(await simulate('a: 1', { type: 'tool_call', more: 1 })).toEqual({
      faults: [{ line: 1, message: 'a is not a known key (line 1, column 1)' }],
      eventFaults: ['agentName must be a text', 'more is not a known key'],
      answer: null,
    });
  });

  test('leaves nothing behind until it is set', async () => {
    await update(timeout(60));
    const before = await countOfEvents();
    await check(timeout(61));
    await simulate(timeout(61), { agentName: 'coder', type: 'tool_call' });
    expect(await countOfEvents()).toBe(before);
    expect((await versions()).totalCount).toBe(1);
  });

  test('overwrites nobody unseen: another version than the one that it was made from is told (8.1)', async () => {
    expect(await update(timeout(60), 0)).toMatchObject({ success: true, team: { supervisionVersion: 1 } });
    expect(await update(timeout(61), 1)).toMatchObject({ success: true, team: { supervisionVersion: 2 } });
    expect(await update(timeout(62), 1)).toMatchObject({
      success: false,
      team: null,
      errors: [
        {
          code: 'INVALID_STATE',
          path: ['baseVersion'],
          message: expect.stringMatching(
            /^version 2 is in force, set by ADMIN at .*; this text was made from version 1$/,
          ),
        },
      ],
    });
    // The very text that is in force is no change, whatever it was made from.
    expect(await update(timeout(61), 1)).toMatchObject({ success: true, team: { supervisionVersion: 2 } });
    expect(await update(timeout(62))).toMatchObject({ success: true, team: { supervisionVersion: 3 } });
  });

  test('of two that are set at once from one version, one is', async () => {
    await update(timeout(60));
    const both = await Promise.all([update(timeout(61), 1), update(timeout(62), 1)]);
    expect(both.map(({ success }) => success).sort()).toEqual([false, true]);
    expect((await versions()).totalCount).toBe(2);
  });

  test('has its versions, newest first, page by page', async () => {
    for (const seconds of [60, 61, 62]) await update(timeout(seconds));
    const all = await versions();
    expect(all.nodes).toEqual([
      { version: 3, yaml: timeout(62), setBy: { id, kind: 'USER' }, createdAt: expect.any(String) },
      expect.objectContaining({ version: 2 }),
      expect.objectContaining({ version: 1 }),
    ]);
    expect(await versions('first: 1 after: "3"')).toMatchObject({
      nodes: [{ version: 2 }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true, endCursor: '2' },
    });
    expect(await versions('last: 2 before: "1"')).toMatchObject({
      nodes: [{ version: 3 }, { version: 2 }],
      pageInfo: { hasPreviousPage: false },
    });
    const { errors } = await app.graphql(
      world.keys.VIEWER,
      'query($id: ID!) { supervisionVersions(teamId: $id, after: "first") { totalCount } }',
      { id: world.teamId },
    );
    expect(errors?.[0]?.message).toBe('after is not a cursor of this list');
  });
});
