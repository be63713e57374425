import './zod-without-eval.ts';
import { browserEnvironment } from './environment.browser.ts';
import { createHandlers } from './handlers.ts';
import { makePicture } from './picture.ts';
import { serve } from './port.ts';
import { parseRequest } from './request-schemas.ts';
import { EngineSession } from './session.ts';

/** Entry of the app's engine: one session behind the Worker's own port. */
const session = new EngineSession(browserEnvironment(), (event, payload) => {
  server.emit(event, payload);
});
const server = serve(self, createHandlers(session, makePicture), parseRequest);
