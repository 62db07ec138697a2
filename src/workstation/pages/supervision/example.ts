/** Where somebody begins who has nothing yet. */
export const example = `human_supervision:
  global:
    timeout: 300                # seconds for the first answer
    escalation_timeout: 600     # level 1 begins, counted from the request
    max_escalation_levels: 2
  approvals:
    quorum: {high: 2, critical: 3}
    timeout_minutes: 60
  intervention_types:
    decision:
      triggers:
        - condition: "confidence_score < 0.7"
`;
