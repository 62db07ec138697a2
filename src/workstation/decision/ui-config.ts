// How a team wants its requests shown: `ui_config` of the type, and of the agent, out of the configuration as the API gives
// it, which is YAML text. Nothing of it is a term of the request: the server holds people to those.

export const layouts = ['decision_panel', 'review_panel', 'approval_panel', 'escalation_panel'] as const;
export type Layout = (typeof layouts)[number];

const flagNames = [
  'show_context',
  'show_alternatives',
  'show_impact_analysis',
  'show_progress',
  'show_metrics',
  'show_risk_assessment',
  'show_audit_trail',
  'show_diagnostics',
  'show_recommendations',
  'show_team_status',
  'show_budget_info',
  'show_performance_metrics',
  'allow_modifications',
  'allow_override',
  'require_reason',
  'require_signature',
] as const;
export type FlagName = (typeof flagNames)[number];

export const fieldTypes = ['text', 'number', 'currency', 'percentage', 'select', 'boolean', 'date'] as const;

export interface CustomField {
  name: string;
  type: (typeof fieldTypes)[number];
  required: boolean;
  options: string[];
}

export interface UiConfig {
  layout: Layout;
  /** What the configuration says; what it does not name is not in it. */
  flags: Partial<Record<FlagName, boolean>>;
  fields: CustomField[];
}

const OF_TYPE: Readonly<Record<string, Layout>> = {
  DECISION: 'decision_panel',
  FOLLOW_UP: 'review_panel',
  QUALITY_REVIEW: 'review_panel',
  APPROVAL: 'approval_panel',
  COMPLIANCE_CHECK: 'approval_panel',
  RISK_ASSESSMENT: 'approval_panel',
  ESCALATION: 'escalation_panel',
  ERROR_RESOLUTION: 'escalation_panel',
};

export const defaultUiConfig = (type: string): UiConfig => ({
  layout: OF_TYPE[type] ?? 'decision_panel',
  flags: {},
  fields: [],
});

type Tree = Readonly<Record<string, unknown>>;
const inside = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? (found as Tree)[name]
        : undefined,
    value,
  );

/** `read` makes values of YAML. A text that cannot be read shows requests as they are shown without one. */
export function uiConfigIn(
  yaml: string,
  read: (yaml: string) => unknown,
  type: string,
  agentName: string,
): UiConfig {
  const config = defaultUiConfig(type);
  let tree: unknown;
  try {
    tree = read(yaml);
  } catch {
    return config;
  }
  const agents = inside(tree, 'agents');
  const agent = Array.isArray(agents) ? agents.find((each) => inside(each, 'name') === agentName) : undefined;
  apply(config, inside(tree, 'human_supervision', 'intervention_types', type.toLowerCase(), 'ui_config'));
  apply(config, inside(agent, 'human_supervision', 'ui_config'));
  return config;
}

function apply(config: UiConfig, said: unknown): void {
  const layout = inside(said, 'layout');
  config.layout = layouts.find((known) => known === layout) ?? config.layout;
  for (const name of flagNames) {
    const flag = inside(said, name);
    if (typeof flag === 'boolean') config.flags[name] = flag;
  }
  const fields = inside(said, 'custom_fields');
  if (Array.isArray(fields)) config.fields = fields.flatMap(fieldOf);
}

function fieldOf(said: unknown): CustomField[] {
  const name = inside(said, 'name');
  const options = inside(said, 'options');
  if (typeof name !== 'string') return [];
  return [
    {
      name,
      type: fieldTypes.find((known) => known === inside(said, 'type')) ?? 'text',
      required: inside(said, 'required') === true,
      options: Array.isArray(options) ? options.map(String) : [],
    },
  ];
}
