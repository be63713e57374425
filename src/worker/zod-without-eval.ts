/**
 * Imported first by the engine's Worker, before any schema is made: zod otherwise compiles schemas with `new Function`,
 * which a content security policy forbids and reports.
 */
import { config } from 'zod';

config({ jitless: true });
