import { flagFields } from "./pino-mixin.ts";
import type { LoggerFieldOptions } from "./pino-mixin.ts";

/** A winston (logform) format. */
export interface WinstonFlagFormat {
  readonly options?: object;
  transform<Info extends object>(info: Info): Info;
}

/** Makes a winston format that adds the flags of the request to every record; fields the app has set stay. */
export function winstonFlagFormat(options: LoggerFieldOptions = {}): WinstonFlagFormat {
  return {
    transform: (info) => {
      for (const [name, value] of Object.entries(flagFields(options))) {
        if (!(name in info)) Reflect.set(info, name, value); // a frozen record is logged without its flags
      }
      return info;
    },
  };
}
