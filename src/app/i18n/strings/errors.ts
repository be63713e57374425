import { defineStrings } from '../define-strings.ts';

/**
 * Errors by their code: `code.what`, `code.why`, `code.action`; for advice that depends on the browser and system,
 * `code.platform.why`. English comes from the engine itself, so only codes that have a Chinese text are listed, with the
 * English repeated for the tests to compare.
 */
export const errors = defineStrings({
  en: {
    line: 'line {{line}}',
    lineColumn: 'line {{line}}, column {{column}}',
    'no-webgpu.what': 'This browser has no WebGPU.',
    'no-adapter.what': 'WebGPU found no graphics adapter.',
    'advice.chrome-linux.why':
      'Chrome on Linux switches WebGPU on by default only for newer Intel GPUs.',
    'advice.chrome-linux.action':
      'Open chrome://flags, enable #enable-unsafe-webgpu and #enable-vulkan (and #ignore-gpu-blocklist if it still fails), and restart; or start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.',
    'advice.chrome.why': 'Hardware acceleration is off, or the GPU is blocked.',
    'advice.chrome.action':
      'Switch on “Use graphics acceleration when available” in chrome://settings/system and see chrome://gpu.',
    'advice.firefox-linux.why': 'Firefox has no WebGPU on Linux yet.',
    'advice.firefox-linux.action': 'Open this page in Chrome or Chromium.',
    'advice.firefox.why': 'Firefox has WebGPU on Windows since 141 and on Apple silicon since 145.',
    'advice.firefox.action': 'Update Firefox, or open this page in Chrome or Edge.',
    'advice.safari.why': 'Safari has WebGPU since version 26.',
    'advice.safari.action': 'Update the system to macOS or iOS 26, or open this page in Chrome.',
    'advice.other.why': 'The browser is not one that is known to have WebGPU.',
    'advice.other.action': 'Open this page in a current Chrome, Edge, Safari 26 or Firefox.',
    'drop-empty.what': 'There is no file in what was dropped.',
    'drop-empty.action': 'Drop the folder that holds the images and the labels.',
    'drop-unknown.what': 'This kind of file is not known here.',
    'drop-unknown.why':
      'Known are folders and .zip files (datasets), images, .safetensors (weights) and .yaml (configs).',
    'drop-unknown.action': 'Drop one of these.',
    'drop-unreadable.what': 'A dropped file or folder could not be read.',
    'drop-unreadable.action':
      'Check that it still exists and that the browser may read it, then drop it again.',
    'engine-crashed.what': 'The engine stopped.',
    'engine-crashed.action': 'Reload the page.',
    'engine-unreachable.what': 'The engine could not be loaded.',
    'engine-unreachable.why': 'Its script was not found or was blocked.',
    'engine-unreachable.action': 'Reload the page; if you are offline, reconnect first.',
    'image-missing.what': 'The image is not in the folder.',
    'run-no-config.what': 'There is no config to train with.',
    'run-no-config.action': 'Choose a preset in Config.',
    'run-config-errors.what': 'The config has errors, so the run was not started.',
    'run-config-errors.action': 'Open Config; the errors are listed there with their lines.',
    'loss-not-finite.what': 'The loss is not finite at iteration {{iter}}.',
    'loss-not-finite.why':
      'The learning rate is too high, or a label is broken. The update of that step was skipped, so the weights are the last good ones.',
    'loss-not-finite.action':
      'Lower the learning rate, lengthen the warm-up, or clip gradients (optim_wrapper.clip_grad.max_norm), and look at the images of that step: {{files}}.',
    'config-unknown-key.what': '{{section}} has no key {{key}}.',
  },
  zh: {
    line: '第 {{line}} 行',
    lineColumn: '第 {{line}} 行，第 {{column}} 列',
    'no-webgpu.what': '这个浏览器没有 WebGPU。',
    'no-adapter.what': 'WebGPU 没有找到图形适配器。',
    'advice.chrome-linux.why': 'Linux 版 Chrome 默认只在较新的 Intel GPU 上启用 WebGPU。',
    'advice.chrome-linux.action':
      '打开 chrome://flags，启用 #enable-unsafe-webgpu 和 #enable-vulkan（仍不行时再启用 #ignore-gpu-blocklist），然后重启；或用 --enable-unsafe-webgpu --enable-features=Vulkan 启动 Chrome。',
    'advice.chrome.why': '硬件加速已关闭，或 GPU 被屏蔽。',
    'advice.chrome.action':
      '在 chrome://settings/system 中打开“使用图形加速功能（如果可用）”，并查看 chrome://gpu。',
    'advice.firefox-linux.why': 'Firefox 在 Linux 上还没有 WebGPU。',
    'advice.firefox-linux.action': '请用 Chrome 或 Chromium 打开本页面。',
    'advice.firefox.why': 'Firefox 自 141 起在 Windows 上、自 145 起在 Apple 芯片上支持 WebGPU。',
    'advice.firefox.action': '更新 Firefox，或用 Chrome、Edge 打开本页面。',
    'advice.safari.why': 'Safari 自版本 26 起支持 WebGPU。',
    'advice.safari.action': '将系统更新到 macOS 26 或 iOS 26，或用 Chrome 打开本页面。',
    'advice.other.why': '不确定这个浏览器是否支持 WebGPU。',
    'advice.other.action': '请用最新的 Chrome、Edge、Safari 26 或 Firefox 打开本页面。',
    'drop-empty.what': '拖入的内容里没有文件。',
    'drop-empty.action': '请拖入存放图像和标注的文件夹。',
    'drop-unknown.what': '不认识这种文件。',
    'drop-unknown.why':
      '支持文件夹和 .zip（数据集）、图像、.safetensors（权重）以及 .yaml（配置）。',
    'drop-unknown.action': '请拖入其中一种。',
    'drop-unreadable.what': '有一个拖入的文件或文件夹无法读取。',
    'drop-unreadable.action': '请确认它仍然存在且浏览器有权读取，然后重新拖入。',
    'engine-crashed.what': '引擎停止了。',
    'engine-crashed.action': '请重新载入页面。',
    'engine-unreachable.what': '引擎无法载入。',
    'engine-unreachable.why': '没有找到它的脚本，或脚本被阻止。',
    'engine-unreachable.action': '请重新载入页面；如果处于离线状态，请先联网。',
    'image-missing.what': '文件夹里没有这张图像。',
    'run-no-config.what': '没有可用于训练的配置。',
    'run-no-config.action': '请在“配置”中选择一个预设。',
    'run-config-errors.what': '配置有错误，运行没有开始。',
    'run-config-errors.action': '请打开“配置”，那里按行列出了错误。',
    'loss-not-finite.what': '第 {{iter}} 次迭代的损失不是有限数值。',
    'loss-not-finite.why':
      '学习率过高，或某个标注有误。这一步的更新已跳过，权重仍是上一次正常的权重。',
    'loss-not-finite.action':
      '降低学习率、延长预热，或裁剪梯度（optim_wrapper.clip_grad.max_norm），并检查这一步的图像：{{files}}。',
    'config-unknown-key.what': '{{section}} 没有键 {{key}}。',
  },
});
