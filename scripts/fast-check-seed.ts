import fc from 'fast-check';

/**
 * Property tests draw the same cases on every machine, so that a red run can be repeated and a green one stays green.
 * `FC_SEED=random` draws new ones (worth doing now and then), `FC_SEED=NUMBER` those of a report.
 */
const wanted = process.env['FC_SEED'] ?? '20261124';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
