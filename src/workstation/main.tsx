import './theme.css';
import './parts/parts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { applyKeptScheme } from './parts/scheme.ts';
import { takeLink } from './session/sign-in-page.tsx';

applyKeptScheme();
const link = takeLink();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary>
      <App link={link} />
    </ErrorBoundary>
  </StrictMode>,
);
