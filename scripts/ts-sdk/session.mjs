// A working session by Oracle's official TypeScript SDK, unmodified: only the
// endpoint is set. Usage: node session.mjs PATH/TO/ledgerline
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import common from "oci-common";
import loganalytics from "oci-loganalytics";
import loggingingestion from "oci-loggingingestion";
import loggingsearch from "oci-loggingsearch";
import managementdashboard from "oci-managementdashboard";
import objectstorage from "oci-objectstorage";

import { namespace, start, tenancy, user } from "./server.mjs";

const binary = process.argv[2];
if (!binary) {
  console.error("usage: node session.mjs PATH/TO/ledgerline");
  process.exit(2);
}

const server = await start(binary);
let step = 0;
const done = (what) => console.log(`ok ${++step} ${what}`);

// refused expects an answer of Oracle's error codes.
async function refused(call, statusCode, serviceCode) {
  await assert.rejects(call, (e) => {
    assert.equal(e.statusCode, statusCode, e.message);
    assert.equal(e.serviceCode, serviceCode);
    assert.ok(e.opcRequestId, "an answer without opc-request-id");
    return true;
  });
}

function client(Client) {
  const authenticationDetailsProvider = new common.SimpleAuthenticationDetailsProvider(
    tenancy, user, server.key.fingerprint, server.key.pem, null, common.Region.EU_FRANKFURT_1,
  );
  const c = new Client({ authenticationDetailsProvider }, { retryConfiguration: common.NoRetryConfigurationDetails });
  c.endpoint = server.endpoint;
  return c;
}

const records = 25;
const first = Date.UTC(2024, 4, 1, 10);

function auditFile() {
  const items = Array.from({ length: records }, (_, i) => ({
    operationName: i % 5 === 0 ? "DELETE" : "UPDATE",
    userName: `user${i % 3}@example.com`,
    resourceType: "integration",
    resourceCode: "ORDERS",
    resourceVersion: "01.00.0000",
    timeStamp: new Date(first + i * 1000).toISOString(),
    auditTrailMessage: `change ${i}`,
  }));
  return JSON.stringify({ items });
}

async function uploads(la, logGroup) {
  const uploaded = await la.uploadLogFile({
    namespaceName: namespace, uploadName: "ts sdk", logSourceName: "OCI Integration Audit Logs", filename: "audit 1.json",
    opcMetaLoggrpid: logGroup.id, uploadLogFileBody: Buffer.from(auditFile()),
  });
  done(`uploadLogFile: ${uploaded.upload.reference}`);
  for (let tries = 0; ; tries++) {
    const list = await la.listUploadFiles({ namespaceName: namespace, uploadReference: uploaded.upload.reference });
    const { status } = list.uploadFileCollection.items[0];
    if (status !== "IN_PROGRESS") {
      assert.equal(status, "SUCCESSFUL");
      break;
    }
    assert.ok(tries < 100, "the file is not parsed after 10 s");
    await sleep(100);
  }
  done("listUploadFiles: SUCCESSFUL");
  const one = await la.getUpload({ namespaceName: namespace, uploadReference: uploaded.upload.reference });
  assert.equal(new Date(one.upload.timeEarliestLogEntry).getTime(), first);
  done("getUpload: dated by its records");
  return uploaded.upload.reference;
}

const range = { timeStart: new Date(first - 1000), timeEnd: new Date(first + records * 1000), timeZone: "UTC" };
const question = (queryString) => ({
  compartmentId: tenancy, compartmentIdInSubtree: true, queryString, subSystem: loganalytics.models.SubSystemName.Log, timeFilter: range, maxTotalCount: records,
});

async function queries(la) {
  const counted = await la.query({ namespaceName: namespace, queryDetails: question("* | stats count as n") });
  assert.equal(Number(counted.queryAggregation.items[0].n), records);
  done(`query: ${records} records`);

  const seen = new Set();
  let page;
  let pages = 0;
  do {
    const part = await la.query({
      namespaceName: namespace, limit: 10, page, queryDetails: question("* | fields 'Original Log Content' | sort Time"),
    });
    for (const item of part.queryAggregation.items) seen.add(JSON.stringify(item));
    page = part.opcNextPageId;
    pages++;
  } while (page);
  assert.deepEqual([seen.size, pages], [records, 3]);
  done("query: three pages of ten make all records, none twice");

  await refused(la.query({ namespaceName: namespace, queryDetails: question("* | stats") }), 400, "InvalidParameter");
  done("query: a mistake is 400 InvalidParameter");

  const submitted = await la.query({
    namespaceName: namespace, queryDetails: { ...question("* | stats count by 'User Name'"), shouldRunAsync: true, asyncMode: "FOREGROUND" },
  });
  const workRequestId = submitted.opcWorkRequestId;
  for (let tries = 0; ; tries++) {
    const work = await la.getQueryWorkRequest({ namespaceName: namespace, workRequestId });
    if (work.queryWorkRequest.timeFinished) break;
    assert.ok(tries < 100, "the query is not done after 10 s");
    await sleep(100);
  }
  const result = await la.getQueryResult({ namespaceName: namespace, workRequestId });
  assert.equal(result.queryAggregation.items.length, 3);
  done("query, getQueryWorkRequest, getQueryResult: three users");

  const exported = await la.exportQueryResult({
    namespaceName: namespace,
    exportDetails: { ...question("* | fields 'User Name'"), outputFormat: loganalytics.models.ExportDetails.OutputFormat.Csv },
  });
  const lines = (await text(exported.value)).trimEnd().split("\n");
  assert.equal(lines.length, records + 1);
  done("exportQueryResult: a CSV line a record");
}

async function content(la) {
  const made = await la.upsertField({ namespaceName: namespace, upsertLogAnalyticsFieldDetails: { displayName: "Order Owner", dataType: "STRING" } });
  const name = made.logAnalyticsField.name;
  const parser = {
    name: "orders", displayName: "orders", type: loganalytics.models.UpsertLogAnalyticsParserDetails.Type.Json, headerContent: "$.items:2",
    exampleContent: '{"items":[{"who":"ann"}]}', fieldMaps: [{ parserFieldName: name, parserFieldSequence: 1, structuredColumnInfo: "$.who" }],
  };
  const stored = await la.upsertParser({ namespaceName: namespace, upsertLogAnalyticsParserDetails: parser });
  const tried = await la.testParser({ namespaceName: namespace, testParserPayloadDetails: parser });
  assert.equal(tried.parserTestResult.entries[0].fields[name], "ann");
  await la.upsertParser({ namespaceName: namespace, upsertLogAnalyticsParserDetails: { ...parser, description: "two" }, ifMatch: stored.etag });
  await refused(la.upsertParser({ namespaceName: namespace, upsertLogAnalyticsParserDetails: parser, ifMatch: stored.etag }), 412, "NoEtagMatch");
  await refused(la.deleteField({ namespaceName: namespace, fieldName: name }), 409, "IncorrectState");
  await la.deleteParser({ namespaceName: namespace, parserName: "orders" });
  await la.deleteField({ namespaceName: namespace, fieldName: name });
  await refused(la.getParser({ namespaceName: namespace, parserName: "orders" }), 404, "NotAuthorizedOrNotFound");
  done("upsertField, upsertParser, testParser, deleteParser, deleteField: with etags, and in use");
}

async function dashboards(md) {
  const blank = { nls: {}, uiConfig: {}, dataConfig: [], description: "", screenImage: " ", metadataVersion: "2.0", compartmentId: tenancy,
    providerId: "log-analytics", providerName: "Log Analytics", providerVersion: "3.0.0", freeformTags: {}, definedTags: {} };
  const file = { dashboards: [{
    ...blank, dashboardId: "changes", displayName: "Changes", type: "normal", isOobDashboard: false, isShowInHome: false, isShowDescription: true, isFavorite: false,
    tiles: [{ displayName: "By user", savedSearchId: "by-user", row: 0, column: 0, width: 6, height: 4, nls: {}, uiConfig: {}, dataConfig: [], state: "DEFAULT", drilldownConfig: [] }],
    savedSearches: [{ ...blank, id: "by-user", displayName: "By user", isOobSavedSearch: false, type: "WIDGET_SHOW_IN_DASHBOARD", widgetTemplate: "t", widgetVM: "v",
      uiConfig: { queryString: "* | stats count by 'User Name'", visualizationType: "pie" } }],
  }] };
  await md.importDashboard({ managementDashboardImportDetails: file });
  const list = await md.listManagementDashboards({ compartmentId: tenancy });
  assert.deepEqual(list.managementDashboardCollection.items.map((d) => d.displayName), ["Changes"]);
  const managementDashboardId = list.managementDashboardCollection.items[0].id;
  const whole = await md.getManagementDashboard({ managementDashboardId });
  assert.equal(whole.managementDashboard.savedSearches[0].uiConfig.visualizationType, "pie");
  assert.equal(whole.managementDashboard.tiles[0].savedSearchId, whole.managementDashboard.savedSearches[0].id);
  const exported = await md.exportDashboard({ exportDashboardId: JSON.stringify({ dashboardIds: [managementDashboardId] }) });
  assert.equal(exported.managementDashboardExportDetails.dashboards[0].displayName, "Changes");
  const id = whole.managementDashboard.savedSearches[0].id;
  await md.deleteManagementDashboard({ managementDashboardId, ifMatch: whole.etag });
  await md.deleteManagementSavedSearch({ managementSavedSearchId: id });
  await refused(md.getManagementDashboard({ managementDashboardId }), 404, "NotAuthorizedOrNotFound");
  done("importDashboard, listManagementDashboards, getManagementDashboard, exportDashboard, deleteManagementDashboard");
}

// push sends entries as to a log of OCI Logging and searches them there.
async function push(ingestion, search) {
  const time = new Date();
  await ingestion.putLogs({
    logId: "ocid1.log.oc1..ts", // no log group of this server, so the default one takes them
    putLogsDetails: {
      specversion: "1.0",
      logEntryBatches: [{ entries: [{ id: "ts-1", data: "pushed by TypeScript", time }], source: "ts", type: "example.ts", defaultlogentrytime: time }],
    },
  });
  done("putLogs: 1 entry");
  const question = { timeStart: new Date(time - 60_000), timeEnd: new Date(+time + 60_000), searchQuery: `search "${tenancy}" | where type = 'example.ts'` };
  for (let tries = 0; ; tries++) {
    const found = await search.searchLogs({ searchLogsDetails: question });
    if (found.searchResponse.results?.length === 1) break;
    assert.ok(tries < 100, "what was pushed is not found");
    await sleep(100);
  }
  done("searchLogs: found it");
  await refused(search.searchLogs({ searchLogsDetails: { ...question, searchQuery: "search" } }), 400, "InvalidParameter");
  done("searchLogs: a search of nothing is 400");
}

try {
  const os = client(objectstorage.ObjectStorageClient);
  assert.equal((await os.getNamespace({})).value, namespace);
  done(`getNamespace: ${namespace}`);

  const la = client(loganalytics.LogAnalyticsClient);
  const { logAnalyticsLogGroup: logGroup } = await la.createLogAnalyticsLogGroup({
    namespaceName: namespace, createLogAnalyticsLogGroupDetails: { compartmentId: tenancy, displayName: "TypeScript" },
  });
  done(`createLogAnalyticsLogGroup: ${logGroup.id}`);
  const names = [];
  let page;
  do {
    const part = await la.listLogAnalyticsLogGroups({ namespaceName: namespace, compartmentId: tenancy, limit: 1, page });
    names.push(...part.logAnalyticsLogGroupSummaryCollection.items.map((g) => g.displayName));
    page = part.opcNextPage;
  } while (page);
  assert.deepEqual(names.sort(), ["Default", "TypeScript"]);
  done("listLogAnalyticsLogGroups: a page each");

  const uploadReference = await uploads(la, logGroup);
  await queries(la);
  await content(la);
  await dashboards(client(managementdashboard.DashxApisClient));
  await push(client(loggingingestion.LoggingClient), client(loggingsearch.LogSearchClient));

  const deleted = await la.deleteUpload({ namespaceName: namespace, uploadReference });
  assert.equal(Number(deleted.opcDeletedLogCount), records);
  const left = await la.query({ namespaceName: namespace, queryDetails: question("* | stats count as n") });
  assert.equal(Number(left.queryAggregation.items[0].n), 0);
  await refused(la.getUpload({ namespaceName: namespace, uploadReference }), 404, "NotAuthorizedOrNotFound");
  done("deleteUpload: its records are gone");

  const { logAnalyticsEntity: entity } = await la.createLogAnalyticsEntity({
    namespaceName: namespace, createLogAnalyticsEntityDetails: { name: "oic-1", compartmentId: tenancy, entityTypeName: "omc_opc_ics_integration" },
  });
  const found = await la.listLogAnalyticsEntities({ namespaceName: namespace, compartmentId: tenancy, nameContains: "OIC" });
  assert.deepEqual(found.logAnalyticsEntityCollection.items.map((e) => e.id), [entity.id]);
  await la.deleteLogAnalyticsEntity({ namespaceName: namespace, logAnalyticsEntityId: entity.id });
  done("createLogAnalyticsEntity, listLogAnalyticsEntities, deleteLogAnalyticsEntity");

  await la.deleteLogAnalyticsLogGroup({ namespaceName: namespace, logAnalyticsLogGroupId: logGroup.id });
  await refused(la.getLogAnalyticsLogGroup({ namespaceName: namespace, logAnalyticsLogGroupId: logGroup.id }), 404, "NotAuthorizedOrNotFound");
  done("deleteLogAnalyticsLogGroup");
  console.log(`Oracle's TypeScript SDK: ${step} steps done against ${server.endpoint}`);
} catch (e) {
  console.error(e);
  console.error(server.log());
  process.exitCode = 1;
} finally {
  await server.stop();
}
