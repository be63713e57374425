import { spawnSync } from 'node:child_process';
import { ensureChromium } from './chromium.ts';

const path = ensureChromium();
// Windows' browsers print no version; their being there has to do.
const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
console.log(`${path} ${stdout?.trim() ?? ''}`);
