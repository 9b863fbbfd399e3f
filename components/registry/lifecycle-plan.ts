/** An ECR lifecycle policy: untagged images go after some days, of the others the newest stay. */
export function planLifecycle(options: { readonly keep: number; readonly untaggedDays: number }): unknown {
  return {
    rules: [
      {
        rulePriority: 1,
        description: 'what no tag names',
        selection: {
          tagStatus: 'untagged',
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: options.untaggedDays,
        },
        action: { type: 'expire' },
      },
      {
        rulePriority: 2,
        description: 'all but the newest',
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: options.keep },
        action: { type: 'expire' },
      },
    ],
  };
}
