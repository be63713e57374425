import { defineStrings } from '../define-strings.ts';

export const ui = defineStrings({
  en: {
    close: 'Close',
    copyReport: 'Copy report',
    copied: 'Copied',
    dismiss: 'Dismiss',
    tryAgain: 'Try again',
    loading: 'Loading',
  },
  zh: {
    close: '关闭',
    copyReport: '复制报告',
    copied: '已复制',
    dismiss: '知道了',
    tryAgain: '重试',
    loading: '正在载入',
  },
});
