interface Readable {
  readonly dataSync: () => unknown;
  readSync(): unknown;
  arraySync(): unknown;
  bufferSync(): unknown;
  nonMaxSuppression(): unknown;
  nonMaxSuppressionAsync(): unknown;
  nonMaxSuppressionWithScore(): unknown;
  nonMaxSuppressionWithScoreAsync(): unknown;
  nonMaxSuppressionPadded(): unknown;
  nonMaxSuppressionPaddedAsync(): unknown;
  whereAsync(): unknown;
  booleanMaskAsync(): unknown;
  postMessage(): unknown;
}

export function reads(tensor: Readable): unknown[] {
  const { dataSync } = tensor; // planted: eslint(no-restricted-properties)
  return [
    dataSync,
    tensor.dataSync(), // planted: eslint(no-restricted-properties)
    tensor['dataSync'](), // planted: eslint(no-restricted-properties)
    tensor.readSync(), // planted: eslint(no-restricted-properties)
    tensor.arraySync(), // planted: eslint(no-restricted-properties)
    tensor.bufferSync(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppression(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppressionAsync(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppressionWithScore(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppressionWithScoreAsync(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppressionPadded(), // planted: eslint(no-restricted-properties)
    tensor.nonMaxSuppressionPaddedAsync(), // planted: eslint(no-restricted-properties)
    tensor.whereAsync(), // planted: eslint(no-restricted-properties)
    tensor.booleanMaskAsync(), // planted: eslint(no-restricted-properties)
    tensor.postMessage(), // planted: eslint(no-restricted-properties)
    Math.random(), // planted: eslint(no-restricted-properties)
  ];
}

export function posted(): void {
  postMessage('x'); // planted: eslint(no-restricted-globals)
}
