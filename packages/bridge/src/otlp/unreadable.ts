/** Raised inside the codec where a payload cannot be read; decoders turn it into a result and it never leaves them. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}
