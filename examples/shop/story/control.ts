/** A person's (or the story's) way to control: its public HTTP API with a key. */
export interface ControlApi {
  send<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** Creates a client of control's API; an answer that is not 2xx becomes an error with the problem's own words. */
export function createControlApi(url: string, key: string): ControlApi {
  return {
    async send<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok)
        throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
  };
}
