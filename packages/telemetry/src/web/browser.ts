const browsers: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Edg\w*\/(\d+)/u, "Edge"],
  [/OPR\/(\d+)/u, "Opera"],
  [/Firefox\/(\d+)/u, "Firefox"],
  [/Chrome\/(\d+)/u, "Chrome"],
  [/Version\/(\d+).*Safari/u, "Safari"],
];
const systems: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Windows/u, "Windows"],
  [/Android/u, "Android"],
  [/iPhone|iPad/u, "iOS"],
  [/Mac OS X/u, "macOS"],
  [/CrOS/u, "ChromeOS"],
  [/Linux/u, "Linux"],
];

/**
 * Browser, its major version and the operating system, in the conventions' `user_agent.*` names: enough to compare
 * groups of users, too little to single one out. What is not recognised is left out.
 */
export function describeBrowser(userAgent: string): Record<string, string> {
  const described: Record<string, string> = {};
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(userAgent)?.[1];
    if (version === undefined) continue;
    described["user_agent.name"] = name;
    described["user_agent.version"] = version;
    break;
  }
  const system = systems.find(([pattern]) => pattern.test(userAgent));
  if (system !== undefined) described["user_agent.os.name"] = system[1];
  return described;
}
