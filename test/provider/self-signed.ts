import { generateKeyPairSync, sign } from "node:crypto";

/** One DER value: tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const length =
    body.length < 128
      ? Buffer.from([body.length])
      : body.length < 256
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const ecdsaWithSha256 = der(0x30, der(0x06, hex("2a8648ce3d040302")));
const localhost = der(
  0x30,
  der(0x31, der(0x30, der(0x06, hex("550403")), der(0x0c, Buffer.from("localhost")))),
);

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const unsigned = der(
  0x30,
  der(0xa0, der(0x02, hex("02"))),
  der(0x02, hex("01")),
  ecdsaWithSha256,
  localhost,
  der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z"))),
  localhost,
  pair.publicKey.export({ type: "spki", format: "der" }),
);
const signature = sign("sha256", unsigned, pair.privateKey);
const certificate = der(0x30, unsigned, ecdsaWithSha256, der(0x03, hex("00"), signature));

/** A private key of this run alone (PEM). */
export const key: string = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** A certificate for `localhost` that nobody trusts, signed by its own key (PEM). */
export const cert: string = `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
