import { respondToApproval } from '../approvals/respond.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import type { NotificationDelivery, PrismaClient } from '../generated/prisma/client.ts';
import { viewerOf } from '../identity/find-keys.ts';
import { authorize } from '../identity/permissions.ts';
import type { Viewer } from '../identity/viewer.ts';
import { selectInterventionOption } from '../interventions/select-option.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { DomainError, RequestError } from '../kernel/errors.ts';
import { isId } from '../kernel/ids.ts';
import { OPEN } from '../notifications/slack-blocks.ts';
import type { Click } from './payload.ts';
import { MAX_AGE_SECONDS } from './signature.ts';

/** Why a click does nothing; its words are for whoever clicked. */
class NotTaken extends Error {
  override name = 'NotTaken';
}

/**
 * Acts on a click: through the very verbs of the API, as the key that the person is linked to is at this moment (behaviour
 * 8.7). Resolves with what the person is to be told; null: nothing, for there was nothing to do, or it was done before.
 * `signature` is the request's: the same one is acted on once, by whichever replica.
 */
export async function takeClick(deps: ApprovalDeps, click: Click, signature: string): Promise<string | null> {
  // The link's button says that it was clicked, too.
  if (click.actionId === OPEN) return null;
  if (!(await isFirst(deps, signature))) return null;
  try {
    const delivery = await messageOf(deps.prisma, click);
    const viewer = await viewerFor(deps, click, delivery.projectId);
    return await choose(deps, viewer, delivery, click);
  } catch (error) {
    if (error instanceof NotTaken) return error.message;
    if (error instanceof DomainError) return `Not done: ${error.message} (${error.code})`;
    if (error instanceof RequestError) return `Not done: ${error.message}`;
    throw error;
  }
}

/** A request that was seen before is a repeat: Slack's own, or somebody's who has recorded it. */
async function isFirst(
  { prisma, clock }: { prisma: PrismaClient; clock: Clock },
  signature: string,
): Promise<boolean> {
  const { count } = await prisma.idempotencyKey.createMany({
    data: [
      {
        credentialId: 'slack',
        mutation: 'click',
        key: signature,
        fingerprint: '',
        reply: {},
        // A request that is as far ahead as may be is too old only then.
        expiresAt: addSeconds(clock.now(), 2 * MAX_AGE_SECONDS + 60),
      },
    ],
    skipDuplicates: true,
  });
  return count === 1;
}

/**
 * The message that was clicked: one that Holdpoint wrote, about what its button says. Others who may write as the same app,
 * by an incoming webhook, could else put a button of ours under words of theirs.
 */
async function messageOf(prisma: PrismaClient, { chosen, message }: Click): Promise<NotificationDelivery> {
  const unknown = new NotTaken(
    'Not done: this message is none that Holdpoint knows. Open the item by its link.',
  );
  if (chosen === null) throw unknown;
  const delivery = await prisma.notificationDelivery.findUnique({ where: { id: chosen.delivery } });
  if (delivery === null || delivery.channel !== 'SLACK' || delivery.edits !== null) throw unknown;
  if (delivery.reference === null && delivery.status === 'PENDING')
    throw new NotTaken('Not done: the message is still being written down. Click again in a moment.');
  const kind = 'option' in chosen ? 'intervention' : 'approval';
  if (delivery.reference !== message || !isId(kind, delivery.subjectId)) throw unknown;
  return delivery;
}

/** Whoever the Slack user is linked to in this project, else in all: with the authority that the key has now. */
async function viewerFor(
  { prisma, clock }: ApprovalDeps,
  { slackTeamId, slackUserId }: Click,
  projectId: string,
): Promise<Viewer> {
  const links = await prisma.slackUser.findMany({
    where: { slackTeamId, slackUserId, scope: { in: [projectId, '*'] } },
    include: { apiKey: { include: { user: { select: { name: true } } } } },
  });
  const link = links.find(({ scope }) => scope === projectId) ?? links[0];
  if (link === undefined)
    throw new NotTaken(
      `Not done: nobody is linked to you here. An ADMIN does that with linkSlackUser, for slackTeamId ${slackTeamId} and slackUserId ${slackUserId}.`,
    );
  const { apiKey } = link;
  if (apiKey.revokedAt !== null) throw new NotTaken('Not done: the key that you are linked to was revoked.');
  if (apiKey.expiresAt !== null && apiKey.expiresAt <= clock.now())
    throw new NotTaken('Not done: the key that you are linked to has expired.');
  return viewerOf(apiKey);
}

async function choose(
  deps: ApprovalDeps,
  viewer: Viewer,
  { subjectId }: NotificationDelivery,
  { chosen, reason }: Click,
): Promise<string> {
  if ('option' in chosen!) {
    authorize(viewer, 'intervention.resolve');
    await selectInterventionOption(deps, viewer, subjectId, { optionId: chosen.option, reasoning: reason });
    return 'Done: your choice is recorded.';
  }
  const { verdict, digest } = chosen!;
  authorize(viewer, 'approval.respond');
  await respondToApproval(deps, viewer, subjectId, {
    verdict,
    reason,
    ...(verdict === 'APPROVE' ? { actionDigest: digest } : {}),
  });
  const { status } = await deps.prisma.approval.findUniqueOrThrow({ where: { id: subjectId } });
  return status === 'PENDING'
    ? 'Done: your approval is recorded; it takes more than one.'
    : `Done: ${status}.`;
}
