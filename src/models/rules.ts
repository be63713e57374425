/**
 * Whose rules a detector follows where the two differ: anchors and their strides, low-quality matches, the limit of
 * decoded sizes, the row of the background class, loss normalisers, where ground truths join the proposals, and
 * post-processing. Weights trained under one family give their own numbers only under it. Design: MMDetection 3.x,
 * torchvision 0.14.
 */
export type DetectorRules = 'mmdetection' | 'torchvision';
