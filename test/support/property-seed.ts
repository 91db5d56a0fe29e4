/**
 * Loaded before the tests: properties play the same values in each run, so that what fails was brought in by the change
 * at hand. PROPERTY_SEED=NUMBER plays others, and PROPERTY_SEED=random those of the moment.
 */
import fc from 'fast-check';

const given = process.env['PROPERTY_SEED'] ?? '1';
if (given !== 'random') fc.configureGlobal({ seed: Number(given) });
