// API keys are pairs of RSA keys: clients sign with the private half, the server knows the public one.

/** newKey makes a pair, both halves in PEM. It needs a page by https or of this machine. */
export async function newKey(): Promise<{ privateKey: string; publicKey: string }> {
  const pair = await crypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);
  const half = async (format: "pkcs8" | "spki", key: CryptoKey, label: string) => {
    const text = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey(format, key))));
    return `-----BEGIN ${label}-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;
  };
  return { privateKey: await half("pkcs8", pair.privateKey, "PRIVATE KEY"), publicKey: await half("spki", pair.publicKey, "PUBLIC KEY") };
}

/** profile is the part of ~/.oci/config with which clients sign as a user. Clients want a region; the address they call is given to them. */
export function profile(k: { user: string; fingerprint: string; tenancy: string; keyFile: string }): string {
  return ["[DEFAULT]", "user=" + k.user, "fingerprint=" + k.fingerprint, "tenancy=" + k.tenancy, "region=us-ashburn-1", "key_file=" + k.keyFile].join("\n") + "\n";
}
