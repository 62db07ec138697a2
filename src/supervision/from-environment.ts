import { patterns, placesOf } from './places.ts';

// `${NAME}` in a setting comes from the server's environment (behaviour 8.3), in the settings below and nowhere else: an
// address or a secret that is no business of whoever reads the configuration. Only names that the server lets
// configurations read; `${{name}}` is a dollar sign and a placeholder.

/** The names that configurations may read, with their values; undefined: it is not set. */
export type SupervisionEnvironment = ReadonlyMap<string, string | undefined>;

/** Those of the published examples of this shape, which load as they stand. */
export const exampleNames = [
  'SLACK_WEBHOOK_URL',
  'GNOSARI_CLOUD_URL',
  'GNOSARI_CLOUD_API_KEY',
  'WORKSPACE_ID',
  'TEAM_ID',
  'COMPANY_LOGO_URL',
  'WEBSOCKET_URL',
] as const;

/** `names`: the server's SUPERVISION_ENV. */
export const supervisionEnvironment = (
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SupervisionEnvironment =>
  new Map([...exampleNames, ...names].map((name) => [name, environment[name] || undefined]));

/** For whoever looks at a configuration without a server: nothing is set. */
export const noEnvironment = supervisionEnvironment([], {});

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

const settings = patterns(
  'human_supervision.notifications.channels.*.webhook_url',
  'human_supervision.notifications.channels.*.secret',
  'human_supervision.workstation.base_url',
  'human_supervision.workstation.api_key',
  'human_supervision.workstation.workspace_id',
  'human_supervision.workstation.team_id',
  'human_supervision.workstation.ui_customization.branding.logo_url',
  'human_supervision.workstation.real_time.websocket_url',
);

export interface Reference {
  path: string[];
  name: string;
}

/** Everything in a configuration that comes from the environment. */
export const referencesIn = (value: unknown): Reference[] =>
  settings
    .flatMap((pattern) => placesOf(value, pattern))
    .flatMap(({ path, value: text }) =>
      typeof text === 'string'
        ? [...text.matchAll(REFERENCE)].map(([, name]) => ({ path, name: name! }))
        : [],
    );

export const hasReference = (text: string): boolean => text.search(REFERENCE) >= 0;

/** The setting with what the environment says in it; null: some name is not set, and what needs the setting is off. */
export function filledIn(text: string, environment: SupervisionEnvironment): string | null {
  let missing = false;
  const filled = text.replace(REFERENCE, (_, name: string) => {
    const value = environment.get(name);
    missing ||= value === undefined;
    return value ?? '';
  });
  return missing ? null : filled;
}
