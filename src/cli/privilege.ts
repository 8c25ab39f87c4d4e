/**
 * Gives up root for good, in favor of the user who called sudo; does nothing for anyone else. Call it as soon as the capture ring is open:
 * nothing after that needs a privilege. Returns whether there was one to give up.
 */
export function dropPrivileges(environment: NodeJS.ProcessEnv): boolean {
  const userId = Number(environment.SUDO_UID);
  const groupId = Number(environment.SUDO_GID);
  if (process.geteuid?.() !== 0 || !(userId > 0) || !(groupId > 0)) return false;
  // Groups first: without root they could not be given up any more.
  process.setgroups?.([]);
  process.setgid?.(groupId);
  process.setuid?.(userId);
  return true;
}
