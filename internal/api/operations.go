package api

import (
	"net/http"
	"slices"

	"ledgerline/internal/signature"
)

// ownBase is the path of our own calls.
const ownBase = "/ledgerline/v1"

// operations is the table of all that is served. What Oracle has besides is in
// oracle_operations.txt and answered as not implemented.
func operations() []operation {
	return slices.Concat(
		coreOperations(),
		neighbourOperations(),
		accessOperations(),
		contentOperations(),
		entityOperations(),
		entityLinkOperations(),
		associationOperations(),
		listOperations(),
		purgeOperations(),
		taskOperations(),
		warningOperations(),
		namespaceOperations(),
		dashboardOperations(),
		pushOperations(),
		uiOperations(),
	)
}

func coreOperations() []operation {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		ns                  = "/20200601/namespaces/{namespaceName}"
		group               = ns + "/logAnalyticsLogGroups"
		own                 = ownBase
		job                 = ns + "/queryWorkRequests/{workRequestId}"
		lookup              = ns + "/lookups/{lookupName}"
		unsigned            = signature.BodyUnsigned
	)
	return []operation{
		{Method: get, Pattern: "/20200601/namespaces", Name: "ListNamespaces", handle: (*Server).listNamespaces},
		{Method: get, Pattern: ns, Name: "GetNamespace", handle: (*Server).getNamespace},

		{Method: post, Pattern: ns + "/actions/uploadLogFile", Name: "UploadLogFile", handle: (*Server).uploadLogFile, form: unsigned},
		{Method: get, Pattern: ns + "/uploads", Name: "ListUploads", handle: (*Server).listUploads},
		{Method: get, Pattern: ns + "/uploads/{uploadReference}", Name: "GetUpload", handle: (*Server).getUpload},
		{Method: get, Pattern: ns + "/uploads/{uploadReference}/files", Name: "ListUploadFiles", handle: (*Server).listUploadFiles},
		{Method: get, Pattern: ns + "/uploads/{uploadReference}/warnings", Name: "ListUploadWarnings", handle: (*Server).listUploadWarnings},

		{Method: post, Pattern: group, Name: "CreateLogAnalyticsLogGroup", handle: (*Server).createLogGroup},
		{Method: get, Pattern: group, Name: "ListLogAnalyticsLogGroups", handle: (*Server).listLogGroups},
		{Method: get, Pattern: group + "/{logAnalyticsLogGroupId}", Name: "GetLogAnalyticsLogGroup", handle: (*Server).getLogGroup},
		{Method: put, Pattern: group + "/{logAnalyticsLogGroupId}", Name: "UpdateLogAnalyticsLogGroup", handle: (*Server).updateLogGroup},
		{Method: del, Pattern: group + "/{logAnalyticsLogGroupId}", Name: "DeleteLogAnalyticsLogGroup", handle: (*Server).deleteLogGroup},
		{Method: post, Pattern: group + "/{logAnalyticsLogGroupId}/actions/changeCompartment", Name: "ChangeLogAnalyticsLogGroupCompartment", handle: (*Server).moveLogGroup},

		{Method: post, Pattern: ns + "/contents/actions/importCustomContent", Name: "ImportCustomContent", handle: (*Server).importContent},
		{Method: post, Pattern: ns + "/contents/actions/exportCustomContent", Name: "ExportCustomContent", handle: (*Server).exportContent},
		{Method: get, Pattern: ns + "/sources", Name: "ListSources", handle: (*Server).listSources},
		{Method: get, Pattern: ns + "/sources/{sourceName}", Name: "GetSource", handle: (*Server).getSource},
		{Method: get, Pattern: ns + "/parsers", Name: "ListParsers", handle: (*Server).listParsers},
		{Method: get, Pattern: ns + "/parsers/{parserName}", Name: "GetParser", handle: (*Server).getParser},
		{Method: get, Pattern: ns + "/fields", Name: "ListFields", handle: (*Server).listFields},
		{Method: get, Pattern: ns + "/labels", Name: "ListLabels", handle: (*Server).listLabels},

		{Method: post, Pattern: ns + "/lookups/actions/register", Name: "RegisterLookup", handle: (*Server).registerLookup},
		{Method: get, Pattern: ns + "/lookups", Name: "ListLookups", handle: (*Server).listLookups},
		{Method: get, Pattern: lookup, Name: "GetLookup", handle: (*Server).getLookup},
		{Method: put, Pattern: lookup, Name: "UpdateLookup", handle: (*Server).updateLookup},
		{Method: post, Pattern: lookup + "/actions/updateData", Name: "UpdateLookupData", handle: (*Server).updateLookupData},
		{Method: post, Pattern: lookup + "/actions/appendData", Name: "AppendLookupData", handle: (*Server).appendLookupData},
		{Method: del, Pattern: lookup, Name: "DeleteLookup", handle: (*Server).deleteLookup},
		{Method: get, Pattern: ns + "/configWorkRequests", Name: "ListConfigWorkRequests", handle: (*Server).listConfigWorkRequests},
		{Method: get, Pattern: ns + "/configWorkRequests/{workRequestId}", Name: "GetConfigWorkRequest", handle: (*Server).getConfigWorkRequest},

		{Method: post, Pattern: ns + "/search/actions/query", Name: "Query", handle: (*Server).query},
		{Method: get, Pattern: ns + "/search/actions/query", Name: "GetQueryResult", handle: (*Server).getQueryResult},
		{Method: get, Pattern: ns + "/queryWorkRequests", Name: "ListQueryWorkRequests", handle: (*Server).listQueryWorkRequests},
		{Method: get, Pattern: job, Name: "GetQueryWorkRequest", handle: (*Server).getQueryWorkRequest},
		{Method: put, Pattern: job + "/actions/background", Name: "PutQueryWorkRequestBackground", handle: (*Server).putQueryWorkRequestBackground},
		{Method: del, Pattern: job, Name: "CancelQueryWorkRequest", handle: (*Server).cancelQueryWorkRequest},
		{Method: post, Pattern: ns + "/search/actions/parse", Name: "ParseQuery", handle: (*Server).parseQuery},
		{Method: post, Pattern: ns + "/search/actions/suggest", Name: "Suggest", handle: (*Server).suggest},
		{Method: post, Pattern: ns + "/search/actions/filter", Name: "Filter", handle: (*Server).filter},
		{Method: post, Pattern: ns + "/search/actions/export", Name: "ExportQueryResult", handle: (*Server).exportQueryResult},

		{Method: post, Pattern: own + "/query", Name: "OwnQuery", handle: (*Server).ownQuery},
		{Method: post, Pattern: own + "/export", Name: "OwnExport", handle: (*Server).ownExport},
		{Method: post, Pattern: own + "/explain", Name: "OwnExplain", handle: (*Server).ownExplain},
		{Method: get, Pattern: own + "/lookups", Name: "OwnLookups", handle: (*Server).listLookups},
		{Method: get, Pattern: own + "/lookups/{lookupName}", Name: "OwnLookup", handle: (*Server).ownGetLookup},
		{Method: put, Pattern: own + "/lookups/{lookupName}", Name: "OwnPutLookup", handle: (*Server).ownPutLookup},
		{Method: del, Pattern: own + "/lookups/{lookupName}", Name: "OwnDeleteLookup", handle: (*Server).deleteLookup},
		{Method: get, Pattern: own + "/searches", Name: "OwnSearches", handle: (*Server).listSearches},
		{Method: get, Pattern: own + "/searches/{name}", Name: "OwnSearch", handle: (*Server).getSearch},
		{Method: put, Pattern: own + "/searches/{name}", Name: "OwnPutSearch", handle: (*Server).putSearch},
		{Method: del, Pattern: own + "/searches/{name}", Name: "OwnDeleteSearch", handle: (*Server).deleteSearch},
		{Method: get, Pattern: own + "/runs", Name: "OwnRuns", handle: (*Server).ownRuns},
		{Method: get, Pattern: own + "/runs/{id}", Name: "OwnRun", handle: (*Server).ownRun},
		{Method: get, Pattern: own + "/coverage", Name: "OwnCoverage", handle: (*Server).ownCoverage},
		{Method: get, Pattern: own + "/quarantine", Name: "OwnQuarantine", handle: (*Server).ownQuarantine},
		{Method: post, Pattern: own + "/quarantine/actions/retry", Name: "OwnQuarantineRetry", handle: (*Server).ownQuarantineRetry},
		{Method: get, Pattern: own + "/log-groups", Name: "OwnLogGroups", handle: (*Server).listLogGroups},
		{Method: post, Pattern: own + "/log-groups", Name: "OwnCreateLogGroup", handle: (*Server).createLogGroup},
		{Method: get, Pattern: own + "/uploads", Name: "OwnUploads", handle: (*Server).listUploads},
		{Method: get, Pattern: own + "/uploads/{uploadReference}/files", Name: "OwnUploadFiles", handle: (*Server).listUploadFiles},
		{Method: get, Pattern: own + "/uploads/{uploadReference}/warnings", Name: "OwnUploadWarnings", handle: (*Server).listUploadWarnings},
		{Method: get, Pattern: own + "/content", Name: "OwnContent", handle: (*Server).ownContent},
		{Method: post, Pattern: own + "/content/actions/import", Name: "OwnContentImport", handle: (*Server).ownImport},
		{Method: post, Pattern: own + "/content/actions/export", Name: "OwnContentExport", handle: (*Server).exportContent},
		{Method: get, Pattern: own + "/status", Name: "OwnStatus", handle: (*Server).ownStatus},
		{Method: post, Pattern: own + "/store/verify", Name: "OwnStoreVerify", handle: (*Server).ownVerify},
		{Method: post, Pattern: own + "/stage/verify", Name: "OwnStageVerify", handle: (*Server).ownStageVerify},

		{Method: get, Pattern: own + "/people", Name: "OwnPeople", handle: (*Server).ownPeople},
		{Method: post, Pattern: own + "/people/actions/import", Name: "OwnPeopleImport", handle: (*Server).ownPeopleImport},
		{Method: post, Pattern: own + "/people/actions/refresh", Name: "OwnPeopleRefresh", handle: (*Server).ownPeopleRefresh},
		{Method: post, Pattern: own + "/people/actions/backfill", Name: "OwnPeopleBackfill", handle: (*Server).ownPeopleBackfill},

		{Method: get, Pattern: "/healthz", Name: "Health", handle: (*Server).health, access: open},
		{Method: get, Pattern: "/metrics", Name: "Metrics", handle: (*Server).showMetrics, access: localOnly},
	}
}
