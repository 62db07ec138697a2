import { assertNever } from '../kernel/assert-never.ts';
import type { Configuration } from './configuration-schema.ts';

// What a configuration may say of its channels, and what then does not come about (behaviour 8.1, 8.3): told whenever it is
// read, like what is set and not used.

type Notifications = NonNullable<NonNullable<Configuration['human_supervision']>['notifications']>;
type Channel = NonNullable<Notifications['channels']>[number];

/** `serverWebhook`: there is a SLACK_WEBHOOK_URL, for Slack channels that name nothing else. */
export function channelWarnings(
  configuration: Configuration,
  { serverWebhook }: { serverWebhook: boolean },
): { path: string[]; message: string }[] {
  const { channels = [], templates = {} } = configuration.human_supervision?.notifications ?? {};
  return channels.flatMap((channel, at) => {
    if (channel.enabled === false || channel.type === 'websocket') return [];
    const told = (key: keyof Channel, message: string) => [
      { path: ['human_supervision', 'notifications', 'channels', String(at), key], message },
    ];
    const { template } = channel;
    const lacking = lackingOf(channel, serverWebhook);
    return [
      ...(lacking === null ? [] : told('type', `is off: ${lacking}`)),
      ...(template !== undefined && !Object.hasOwn(templates, template)
        ? told('template', 'names a template that is not there: the default one is used')
        : []),
    ];
  });
}

/** What a channel needs and does not have. */
function lackingOf(
  { type, to, webhook_url, secret, slack_channel }: Channel,
  serverWebhook: boolean,
): string | null {
  switch (type) {
    case 'email':
      return to === undefined ? 'an email channel needs addresses (to)' : null;
    case 'sms':
      return to === undefined ? 'an sms channel needs numbers (to)' : null;
    case 'webhook':
      return webhook_url && secret ? null : 'a webhook needs webhook_url and secret';
    case 'slack':
      return slack_channel !== undefined || webhook_url || serverWebhook
        ? null
        : 'a slack channel needs slack_channel or webhook_url, or the server SLACK_WEBHOOK_URL';
    case 'websocket':
      return null;
    default:
      return assertNever(type);
  }
}
