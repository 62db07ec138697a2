import { useParams } from '@tanstack/react-router';
import { DecisionPanel } from '../../decision/panel.tsx';
import { Page } from '../../parts/page.tsx';
import { texts } from '../../texts.ts';

export default function ApprovalPage() {
  const { id = '' } = useParams({ strict: false });
  return (
    <Page title={texts.pages.approval}>
      <DecisionPanel key={id} id={id} />
    </Page>
  );
}
