/** What the `sourceArn` of a trigger names. Region and account are not looked at: the same template is to work anywhere. */

/** `acs:oss:{region}:{account}:{bucket}`; undefined when it is no such ARN. */
export function bucketOf(sourceArn: string | null): string | undefined {
  return /^acs:oss:[^:]*:[^:]*:([a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/.exec(sourceArn ?? '')?.[1]
}

/** `acs:eventbridge:{region}:{account}:eventbus/{bus}`; without a sourceArn it is `default`; undefined when it is no such ARN. */
export function busOf(sourceArn: string | null): string | undefined {
  if (sourceArn === null || sourceArn === '') return 'default'
  return /^acs:eventbridge:[^:]*:[^:]*:eventbus\/([A-Za-z0-9_-]{1,127})$/.exec(sourceArn)?.[1]
}
