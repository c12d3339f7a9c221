import { describe, expect, it } from "vitest";
import { sinkText, stepName } from "./sinks";

describe("sinks", () => {
  it("say where they lead", () => {
    expect(sinkText("local:ocid1.loganalyticsloggroup.oc1..x/OCI Integration Metrics")).toBe("parsed here as OCI Integration Metrics");
    expect(sinkText("upload:oci/demo/ocid1.loganalyticsloggroup.oc1..x/OCI Integration Audit Logs")).toBe("uploaded to oci as OCI Integration Audit Logs");
    expect(sinkText("archive:oci/demo/logs/oic-audit/")).toBe("archived in oci/demo/logs/oic-audit/");
    expect(sinkText("something else")).toBe("something else");
  });
  it("tell steps apart", () => {
    expect(stepName({ name: "parse", target: "local:g/Orders", state: "succeeded", counts: {}, started: "" })).toBe("parse Orders");
    expect(stepName({ name: "fetch", target: "https://example.com/a", state: "succeeded", counts: {}, started: "" })).toBe("fetch");
  });
});
