import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
// In this order: what small screens need goes over the rest.
import './base.css';
import './estate.css';
import './lists-and-steps.css';
import './runs-and-rollouts.css';
import './small-screens.css';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
