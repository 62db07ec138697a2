import { describe, expect, test } from 'vitest';
import { destinationOf, rhythmOf } from '../../src/notifications/settings.ts';
import { noEnvironment, supervisionEnvironment } from '../../src/supervision/from-environment.ts';
import { readConfiguration } from '../../src/supervision/configuration.ts';

const read = (notifications: object, performance: object = {}) =>
  readConfiguration(JSON.stringify({ human_supervision: { notifications, performance } }));
const faults = (channel: object) => {
  const reading = read({ channels: [channel] });
  return reading.ok ? [] : reading.faults.map(({ path, message }) => [path.slice(3).join('.'), message]);
};
const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
const webhook = { type: 'webhook', events: ['timeout'], webhook_url: 'https://a.example/x', secret };

describe('a configuration’s channels', () => {
  test('says which channels nothing is delivered to', () => {
    const reading = read({
      channels: [
        { type: 'slack' },
        { type: 'sms' },
        { type: 'sms', enabled: false },
        { type: 'websocket', events: ['timeout'] },
        { type: 'email', events: ['timeout'] },
        { type: 'email', to: ['a@example.com'], template: 'mine' },
        { type: 'email', to: ['a@example.com'], template: 'other' },
        webhook,
      ],
      templates: { mine: { body: '{{message}}' } },
    });
    expect(
      reading.ok && reading.warnings.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`),
    ).toEqual([
      expect.stringMatching(/^0\.type: .* is off: a slack channel needs slack_channel or webhook_url, /),
      expect.stringMatching(/^1\.type: .* is off: an sms channel needs numbers \(to\) /),
      expect.stringMatching(/^4\.type: .* is off: an email channel needs addresses \(to\) /),
      expect.stringMatching(/^6\.template: .* names a template that is not there: the default one is used /),
    ]);
  });

  test('takes the server’s SLACK_WEBHOOK_URL where a slack channel names nothing else', () => {
    const text = JSON.stringify({ human_supervision: { notifications: { channels: [{ type: 'slack' }] } } });
    const url = 'https://hooks.example.com/x';
    const environment = supervisionEnvironment([], { SLACK_WEBHOOK_URL: url });
    const reading = readConfiguration(text, environment);
    expect(reading.ok && reading.warnings).toEqual([]);
    const channel = { type: 'slack' } as const;
    expect(destinationOf(channel, environment)).toMatchObject({ type: 'SLACK', via: 'WEBHOOK', url });
    expect(destinationOf(channel, noEnvironment)).toBeNull();
    const own = { type: 'slack', webhook_url: 'https://own.example.com/' } as const;
    expect(destinationOf(own, environment)).toMatchObject({ url: 'https://own.example.com/' });
    const place = { type: 'slack', slack_channel: '#approvals' } as const;
    expect(destinationOf(place, environment)).toMatchObject({ via: 'BOT', channel: '#approvals' });
  });

  test('wants of a slack channel one place, and of an sms channel numbers', () => {
    const slack = { type: 'slack', slack_channel: 'C0123456789' };
    expect(faults(slack)).toEqual([]);
    expect(faults({ ...slack, slack_channel: '#ünsere-fragen' })).toEqual([]);
    expect(faults({ ...slack, webhook_url: 'https://hooks.example.com/x' }).map(([path]) => path)).toEqual([
      '0.slack_channel',
    ]);
    for (const slack_channel of ['approvals', '<!channel>', '#two words', '@ada', ''])
      expect(faults({ ...slack, slack_channel }).map(([path]) => path)).toEqual(['0.slack_channel']);
    expect(faults({ ...webhook, slack_channel: 'C0123456789' }).map(([path]) => path)).toEqual([
      '0.slack_channel',
    ]);
    const sms = { type: 'sms', to: ['+15005550001'] };
    expect(faults(sms)).toEqual([]);
    for (const number of ['15005550001', '+0500555000', '+1 500 555 0001', 'ada@example.com'])
      expect(faults({ ...sms, to: ['+15005550001', number] })).toEqual([
        ['0.to.1', expect.stringContaining('must be a number with its country code')],
      ]);
    const many = Array.from({ length: 11 }, (_, at) => `+150055500${at + 10}`);
    expect(faults({ ...sms, to: many })).toEqual([['0.to', expect.stringContaining('at most 10 numbers')]]);
  });

  test('names no notification that there is not', () => {
    expect(faults({ type: 'email', events: ['timeout', 'time_out'] })).toEqual([
      ['0.events.1', expect.stringContaining('must be one of intervention_required, ')],
    ]);
  });

  test('wants of a webhook where it goes and what signs it', () => {
    expect(faults(webhook)).toEqual([]);
    for (const lacking of [
      { ...webhook, secret: undefined },
      { ...webhook, webhook_url: '' },
    ]) {
      const reading = read({ channels: [lacking] });
      expect(reading.ok && reading.warnings.map(({ message }) => message)).toEqual([
        expect.stringContaining('is off: a webhook needs webhook_url and secret'),
      ]);
    }
    expect(
      faults({ ...webhook, secret: 'whsec_short', webhook_url: 'file:///etc' }).map(([path]) => path),
    ).toEqual(['0.webhook_url', '0.secret']);
    expect(faults({ ...webhook, to: ['a@example.com'] }).map(([path]) => path)).toEqual(['0.to']);
    expect(faults({ type: 'email', to: ['nobody\r\nBcc: x@example.com'] }).map(([path]) => path)).toEqual([
      '0.to.0',
    ]);
  });

  test('wants quiet hours and rates that can be kept', () => {
    const quiet_hours = { time_zone: 'Mars/Olympus', from: '24:00', until: '7:00' };
    expect(
      faults({ ...webhook, quiet_hours, rate_limit_per_minute: 0 })
        .map(([path]) => path)
        .toSorted(),
    ).toEqual([
      '0.quiet_hours.from',
      '0.quiet_hours.time_zone',
      '0.quiet_hours.until',
      '0.rate_limit_per_minute',
    ]);
  });

  test('sets how notifications are tried again', () => {
    const reading = read(
      {},
      { retry_attempts: 3, retry_delay: 7, circuit_breaker: { failure_threshold: 4 } },
    );
    expect(reading.ok && rhythmOf(reading.configuration)).toEqual({
      retries: 3,
      delay: 7,
      breaker: { failures: 4, rest: 30_000, calls: 1 },
    });
    expect(rhythmOf(null)).toEqual({
      retries: 8,
      delay: 5_000,
      breaker: { failures: 10, rest: 30_000, calls: 1 },
    });
    const off = read({}, { circuit_breaker: { enabled: false } });
    expect(off.ok && rhythmOf(off.configuration).breaker).toBeNull();
  });
});
