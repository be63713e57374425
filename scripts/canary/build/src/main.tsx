import './app/app.css';

new Worker(new URL('./worker/engine.worker.ts', import.meta.url), { type: 'module' });
void import('./app/lazy.ts').then(({ lazy }) => {
  document.title = lazy;
});
