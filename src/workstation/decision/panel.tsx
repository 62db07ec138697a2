import './decision.css';
import { ApprovalPanel } from './approval-panel.tsx';
import { InterventionPanel } from './intervention-panel.tsx';

export interface PanelProps {
  id: string;
  /** Somebody here has said what they want: whoever shows a list goes on to what comes next. */
  onDecided?: (() => void) | undefined;
}

/** Everything that is needed to decide one item, and the decision itself. */
export function DecisionPanel({ id, onDecided }: PanelProps) {
  return id.startsWith('intervention_') ? (
    <InterventionPanel id={id} onDecided={onDecided} />
  ) : (
    <ApprovalPanel id={id} onDecided={onDecided} />
  );
}
