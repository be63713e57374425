/** Names of files that hold weights, as in `<input accept>`. */
export const WEIGHT_FILES = '.safetensors,.pth,.pt';
