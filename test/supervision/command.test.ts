import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { expect, it, test } from 'vitest';
import { parse } from 'yaml';

const EXAMPLE = 'test/supervision/examples/team.yaml';

function supervision(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/supervision.ts', ...args], {
    input,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim().split('\n'), stderr: stderr.trim().split('\n') };
}

it('tells what a usable file says and nothing obeys (8.1)', () => {
  const { status, stdout } = supervision(['check', EXAMPLE]);
  expect(status).toBe(0);
  expect(stdout.at(-1)).toBe(`${EXAMPLE} can be used`);
  expect(stdout).toContain(
    `${EXAMPLE}: human_supervision.audit.log_all_interactions is not used: the log records everything, always (9.1) (line 173, column 5)`,
  );
});

it('tells every fault at once, from standard input too (8.1)', () => {
  expect(supervision(['check', '-'], 'human_supervision: {global: {timeout: 0, time: 1}}')).toEqual({
    status: 1,
    stdout: [''],
    stderr: [
      '-: human_supervision.global.timeout must be a whole number from 1 to 31536000 (line 1, column 39)',
      '-: human_supervision.global.time is not a known key (line 1, column 42)',
    ],
  });
});

it.each([
  [[]],
  [['check']],
  [['look', EXAMPLE]],
  [['check', EXAMPLE, 'more']],
  [['simulate', EXAMPLE]],
  [['--no']],
])('says how it is asked: %j', (args) => {
  const { status, stderr } = supervision(args);
  expect([status, stderr[0]]).toEqual([2, 'Usage: npm run supervision -- check FILE']);
});

it('says which file it could not read', () => {
  const { status, stderr } = supervision(['check', 'no/such.yaml']);
  expect([status, stderr[0]]).toEqual([2, expect.stringContaining('no/such.yaml could not be read: ENOENT')]);
});

it('tells which trigger would ask about an event, what, and on what terms (8.4 to 8.6)', () => {
  const event = {
    agentName: 'Manager',
    type: 'budget_exceeded',
    metrics: { amount: 1200 },
    context: { recommendation: 'the larger machine', reasoning: 'it is slow' },
  };
  const { status, stdout } = supervision(['simulate', EXAMPLE, '-'], JSON.stringify(event));
  expect(status).toBe(0);
  const told = parse(stdout.join('\n'));
  expect(told).toMatchObject({
    directive: 'PAUSE',
    trigger: 'budget_exceeded',
    about: 'budget_approval',
    undecided: null,
    type: 'APPROVAL',
    urgency: 'HIGH',
    terms: { timeout: 240, autoContinue: false, escalation: { after: 480 } },
  });
  expect(told.message).toMatch(/\$1200 .*the larger machine because it is slow/);
  expect(told.options[0]).toMatchObject({ id: 'approve_recommended', metadata: { budget_impact: 1200 } });
  const answer = (more: object) =>
    supervision(['simulate', EXAMPLE, '-'], JSON.stringify({ agentName: 'x', type: 'y', ...more })).stdout;
  expect(answer({})).toEqual(['directive: CONTINUE']);
  expect(answer({ metrics: { resource_usage: 95 } })).toEqual(['directive: HALT']);
  expect(answer({ metrics: { resource_usage: 81 } })).toContain('trigger: resource_usage > 80%');
});

it('tells every fault of an event, and of its configuration', () => {
  const event = JSON.stringify({ type: '', metrics: [1], sessionId: 's', agentName: 3 });
  expect(supervision(['simulate', EXAMPLE, '-'], event)).toEqual({
    status: 1,
    stdout: [''],
    stderr: [
      '-: agentName must be a text',
      '-: metrics must be a mapping',
      '-: sessionId is not a known key',
    ],
  });
  expect(supervision(['simulate', EXAMPLE, '-'], '{"agentName": " ", "type": "x"}').stderr).toEqual([
    '-: agentName must not be empty',
  ]);
  expect(supervision(['simulate', EXAMPLE, '-'], '{').stderr[0]).toMatch(/^-: is not JSON: /);
  expect(supervision(['simulate', EXAMPLE, 'no/such.json']).status).toBe(2);
});

test('docs/supervision.schema.json takes what the reader takes, and refuses what it refuses (8.1)', () => {
  const schema = JSON.parse(readFileSync('docs/supervision.schema.json', 'utf8'));
  const takes = new Ajv({ strict: false }).compile(schema);
  for (const name of ['team', 'async'])
    expect(takes(parse(readFileSync(`test/supervision/examples/${name}.yaml`, 'utf8')))).toBe(true);
  for (const text of ['{global: {timeout: 0}}', '{globe: {}}', '{enabled: "true"}', '[]'])
    expect(takes(parse(`human_supervision: ${text}`))).toBe(false);
});
