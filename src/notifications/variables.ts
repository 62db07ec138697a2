import { z } from 'zod';

// What the environment variables of channels may hold.

/** Whom emails are from. */
export const mailbox = z
  .string()
  .regex(
    /^(?:[^<>\r\n]{0,200}<[^\s<>@,]{1,64}@[A-Za-z0-9.-]{1,253}>|[^\s<>@,]{1,64}@[A-Za-z0-9.-]{1,253})$/,
    'must be an address such as holdpoint@example.com, or Holdpoint <holdpoint@example.com>',
  );

/** Of an app's bot; one whose tokens are changed by and by begins with xoxe. */
export const botToken = z
  .string()
  .regex(/^(?:xoxe\.)?xoxb-[\w-]{8,300}$/, "must be a bot's token, which begins with xoxb-");
/** What an app of Slack signs with. */
export const slackSecret = z
  .string()
  .regex(/^[A-Za-z0-9]{16,128}$/, "must be the app's signing secret: 16 to 128 letters and digits");
/** Whom text messages are from. */
export const twilioFrom = z
  .string()
  .regex(
    /^(?:\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-fA-F]{32}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/,
    'must be a number such as +15005550006, a short code, a messaging service (MG…) or a name of up to 11 letters and digits',
  );

/** Twilio's account, and its token. */
export const accountSid = z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hexadecimal digits');
export const authToken = z.string().regex(/^[0-9A-Za-z]{16,64}$/, 'must be 16 to 64 letters and digits');
