import { useParams } from '@tanstack/react-router';
import { DecisionPanel } from '../../decision/panel.tsx';
import { Page } from '../../parts/page.tsx';
import { texts } from '../../texts.ts';

export default function InterventionPage() {
  const { id = '' } = useParams({ strict: false });
  return (
    <Page title={texts.pages.intervention}>
      <DecisionPanel key={id} id={id} />
    </Page>
  );
}
