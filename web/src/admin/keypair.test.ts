import { createPrivateKey, createPublicKey, createSign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newKey, profile } from "./keypair";

describe("an API key", () => {
  it("is a pair that others can read, and whose halves fit", async () => {
    const pair = await newKey();
    for (const text of Object.values(pair)) expect(Math.max(...text.split("\n").map((l) => l.length))).toBeLessThanOrEqual(64);
    expect(createPublicKey(createPrivateKey(pair.privateKey)).export({ type: "spki", format: "pem" })).toBe(pair.publicKey);
    const signature = createSign("RSA-SHA256").update("date: now").sign(pair.privateKey);
    expect(signature.length).toBe(256);
  });
  it("comes with the profile that clients read", () => {
    expect(profile({ user: "u", fingerprint: "aa:bb", tenancy: "t", keyFile: "~/.oci/k.pem" })).toBe("[DEFAULT]\nuser=u\nfingerprint=aa:bb\ntenancy=t\nregion=us-ashburn-1\nkey_file=~/.oci/k.pem\n");
  });
});
