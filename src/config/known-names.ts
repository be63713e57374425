/**
 * Names that MMDetection and MMEngine register and Anchorage does not run, so that a message can tell "not here" from
 * "misspelt". Common ones only.
 */
export const UPSTREAM_TYPES: ReadonlySet<string> = new Set(
  [
    // detectors
    'MaskRCNN CascadeRCNN ATSS SSD YOLOV3 YOLOX DETR DINO GFL RPN TOOD VFNet',
    'RTMDet CenterNet DeformableDETR Mask2Former FSAF PAA YOLOF NASFCOS',
    // backbones
    'ResNeXt ResNetV1d Res2Net ResNeSt RegNet HRNet SwinTransformer MobileNetV2 Darknet',
    'CSPDarknet CSPNeXt EfficientNet PyramidVisionTransformer PyramidVisionTransformerV2 SSDVGG',
    'DetectoRS_ResNet TridentResNet HourglassNet ConvNeXt',
    // necks
    'PAFPN BFP NASFPN HRFPN FPG RFP SSDNeck ChannelMapper YOLOXPAFPN CSPNeXtPAFPN FPN_CARAFE',
    // heads, anchors, coders
    'AnchorHead ATSSHead GFLHead SSDHead RetinaSepBNHead FreeAnchorRetinaHead',
    'PISARetinaHead GARetinaHead SSDAnchorGenerator YOLOAnchorGenerator LegacyAnchorGenerator',
    'LegacyDeltaXYWHBBoxCoder TBLRBBoxCoder BucketingBBoxCoder',
    // losses
    'GHMC GHMR BoundedIoULoss DIoULoss CIoULoss EIoULoss',
    'SIoULoss BalancedL1Loss MSELoss QualityFocalLoss DistributionFocalLoss VarifocalLoss',
    'SeesawLoss',
    // assigners and samplers
    'ATSSAssigner ApproxMaxIoUAssigner SimOTAAssigner TaskAlignedAssigner UniformAssigner',
    'PointAssigner CenterRegionAssigner HungarianAssigner OHEMSampler',
    'IoUBalancedNegSampler CombinedSampler',
    // post-processing
    'nms_match nms_rotated',
    // transforms
    'YOLOXHSVRandomAug Albu CutOut RandomShift CopyPaste AutoAugment RandAugment CachedMosaic',
    'CachedMixUp Corrupt FixScaleResize RandomCenterCropPad RandomChoice RandomApply',
    'MultiScaleFlipAug DefaultFormatBundle Collect LoadProposals RandomErasing',
    // data sets and their samplers
    'ClassBalancedDataset CustomDataset XMLDataset WIDERFaceDataset',
    'CityscapesDataset LVISDataset LVISV1Dataset OpenImagesDataset CrowdHumanDataset',
    'Objects365V1Dataset Objects365V2Dataset DeepFashionDataset ClassAwareSampler',
    'MultiSourceSampler GroupMultiSourceSampler BatchSampler LVISMetric OpenImagesMetric',
    'CityScapesMetric DumpDetResults CrowdHumanMetric',
    // optimisation
    'RMSprop Adagrad Adadelta Lion NAdam RAdam ASGD Adamax AmpOptimWrapper',
    'ApexOptimWrapper ReduceOnPlateauLR',
    'LinearMomentum CosineAnnealingMomentum QuadraticWarmupLR EarlyStoppingHook',
    'PipelineSwitchHook SyncBuffersHook YOLOXModeSwitchHook ProfilerHook EmptyCacheHook',
    'SyncNormHook MemoryProfilerHook SetEpochInfoHook MeanTeacherHook',
  ].flatMap((names) => names.split(' ')),
);

/** Top-level keys of MMDetection 2.x and what 3.x calls them. */
export const OLD_KEYS: Readonly<Record<string, string>> = {
  data: 'train_dataloader, val_dataloader and test_dataloader',
  optimizer: 'optim_wrapper.optimizer',
  optimizer_config: 'optim_wrapper.clip_grad',
  lr_config: 'param_scheduler',
  runner: 'train_cfg',
  total_epochs: 'train_cfg.max_epochs',
  evaluation: 'val_evaluator and train_cfg.val_interval',
  checkpoint_config: 'default_hooks.checkpoint',
  log_config: 'default_hooks.logger',
  resume_from: 'load_from with resume: true',
  workflow: 'nothing; 3.x has no such key',
  dist_params: 'env_cfg.dist_cfg',
  fp16: 'nothing; training runs in float32',
  test_pipelines: 'test_dataloader.dataset.pipeline',
  img_norm_cfg: 'model.data_preprocessor',
  opencv_num_threads: 'env_cfg.mp_cfg.opencv_num_threads',
  mp_start_method: 'env_cfg.mp_cfg.mp_start_method',
};
