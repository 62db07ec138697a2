import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import type { NotificationChannelType } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { isId } from '../kernel/ids.ts';
import { type JsonObject, plainObject } from '../kernel/json.ts';
import type { EventRef } from '../tracing/ids.ts';
import { askingOf } from './asking.ts';
import type { Message } from './channel.ts';
import { briefOf, defaultTemplate, render, renderLine, type Template, type Values } from './template.ts';

/** The version of the body. Raised when a field changes its meaning; new fields may come without that. */
const VERSION = 1;

/** As much of a delivery as a message is made of. */
export interface Told {
  id: string;
  name: string;
  projectId: string;
  teamId: string;
  subjectId: string;
  channel: NotificationChannelType;
  eventPosition: bigint;
  createdAt: Date;
  /** When an earlier attempt began. */
  lastAttemptAt: Date | null;
  /** Of the delivery whose message is edited. */
  edits: string | null;
}

/** The event that a message tells of, as much of it as its trace depends on. */
export type ToldEvent = EventRef & Pick<Event, 'sessionId'>;
/** What a configuration says in place of the default. */
export type OwnTemplate = { subject?: string | undefined; body: string } | null;

/**
 * What is said of an event, as things stand. Null: the event is no longer in the log, or was erased. `url` shows the item
 * in the workstation and decides nothing: opening it is a reading (behaviour 5.6). `edits`: what the receiver calls the
 * message that this one takes the place of.
 */
export async function messageOf(
  prisma: PrismaClient,
  told: Told,
  { template, publicUrl, edits }: { template: OwnTemplate; publicUrl: string; edits: string | null },
): Promise<(Message & { event: ToldEvent }) | null> {
  const event = await prisma.event.findUnique({ where: { position: told.eventPosition } });
  if (event === null || event.data === null) return null;
  const url = `${publicUrl}/${placeOf(told)}`;
  const values = {
    ...(await valuesOf(prisma, told, event)),
    event: told.name,
    workstation_url: url,
  };
  const standard = defaultTemplate(told.name);
  const wanted: Template =
    template === null ? standard : { subject: template.subject ?? standard.subject, body: template.body };
  const { subject, body: text } = render(wanted, values);
  const { id, type, occurredAt, data, projectId, teamId, sessionId, subjectId } = event;
  const body = JSON.stringify({
    v: VERSION,
    type: told.name,
    event: { id, type, occurredAt, data, projectId, teamId, sessionId, subjectId },
    url,
    subject,
    text,
  });
  // An edit keeps the buttons' delivery: that of the message.
  const shownBy = { id: told.edits ?? told.id, name: told.name, subjectId: told.subjectId };
  const endedBy = told.edits === null ? null : (event.actor as Actor | null);
  return {
    id: told.id,
    subjectId: told.subjectId,
    subject,
    text,
    brief: renderLine(briefOf(told.name, template === null ? null : wanted), values),
    url,
    body,
    // Buttons are Slack's alone.
    asking: told.channel === 'SLACK' ? await askingOf(prisma, shownBy, endedBy) : null,
    edits,
    event: { id, type, subjectId, sessionId, data },
    sentSince: told.lastAttemptAt === null ? null : told.createdAt,
  };
}

const placeOf = ({ subjectId, projectId }: Told): string => {
  if (isId('intervention', subjectId)) return `interventions/${subjectId}`;
  if (isId('approval', subjectId)) return `approvals/${subjectId}`;
  return `projects/${projectId}`;
};

async function valuesOf(prisma: PrismaClient, told: Told, event: Event): Promise<Values> {
  const data = plainObject(event.data);
  const [team, project] = await Promise.all([
    prisma.team.findUnique({ where: { id: told.teamId }, select: { name: true } }),
    prisma.project.findUnique({ where: { id: told.projectId }, select: { name: true } }),
  ]);
  return {
    team_name: team?.name,
    project_name: project?.name,
    // An event's own words go before those of the item: it may have changed since.
    ...(isId('intervention', told.subjectId) ? await ofIntervention(prisma, told.subjectId) : {}),
    ...(isId('approval', told.subjectId) ? await ofApproval(prisma, told.subjectId) : {}),
    ...ofData(data),
  };
}

async function ofIntervention(prisma: PrismaClient, id: string): Promise<Values> {
  const row = await prisma.intervention.findUnique({ where: { id } });
  if (row === null) return {};
  const context = plainObject(row.context);
  return {
    agent_name: row.agentName,
    intervention_type: row.type.toLowerCase(),
    urgency: row.urgency.toLowerCase(),
    message: row.message,
    context_summary: context.summary ?? context.context_summary ?? row.message,
    timeout: row.timeout,
    escalation_level: row.escalationLevel,
    required_role: row.requiredRole.toLowerCase(),
    expires_at: row.expiresAt?.toISOString(),
    resolution: row.resolution?.toLowerCase(),
  };
}

async function ofApproval(prisma: PrismaClient, id: string): Promise<Values> {
  const row = await prisma.approval.findUnique({ where: { id } });
  if (row === null) return {};
  return {
    message: row.summary,
    context_summary: row.summary,
    approval_kind: row.kind.toLowerCase(),
    risk_level: row.riskLevel?.toLowerCase() ?? 'not assessed',
    required_role: row.requiredRole.toLowerCase(),
    expires_at: row.expiresAt?.toISOString(),
    status: row.status.toLowerCase(),
  };
}

/** What the event says itself. */
function ofData(data: JsonObject): Values {
  const { level, reason, severity, limitType, alertType, currentValue, thresholdValue } = data;
  const said = (name: string, value: JsonObject[string] | undefined) =>
    value === undefined || value === null ? {} : { [name]: value };
  return {
    ...said('escalation_level', level),
    ...said('escalation_reason', reason),
    ...said('reason', reason),
    ...said('severity', severity),
    ...(severity === undefined ? {} : said('message', reason)),
    ...(limitType === undefined
      ? {}
      : {
          limit_type: limitType,
          alert_type: alertType,
          current_value: currentValue,
          threshold_value: thresholdValue,
          message: `${String(limitType)}: ${String(currentValue)} used, ${String(alertType)} from ${String(thresholdValue)}`,
        }),
  };
}
