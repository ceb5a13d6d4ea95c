export const PRESETS = {};
