package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"ledgerline/internal/catalog"
)

// asJSON is a value as JSON text.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// uploadPath uploads a file of a name; more is added to the query.
func uploadPath(name, more string) string {
	return nsPath + "/actions/uploadLogFile?logSourceName=OCI%20Unified%20Schema%20Logs&filename=" + name + more
}

func pathTraversals() []attack {
	list := []attack{
		{name: "file name of dots", method: "POST", path: uploadPath("..", ""), status: 400, code: "InvalidParameter"},
		{name: "file name that ends in dots", method: "POST", path: uploadPath("..%2f..", ""), status: 400, code: "InvalidParameter"},
		{name: "file name with backslashes", method: "POST", path: uploadPath(`..%5c..`, ""), status: 400, code: "InvalidParameter"},
		{name: "file name that is a folder", method: "POST", path: uploadPath("%2f", ""), status: 400, code: "InvalidParameter"},
		{name: "file name with NUL", method: "POST", path: uploadPath("a%00.log", ""), status: 400, code: "InvalidParameter"},
		{name: "file name in overlong UTF-8", method: "POST", path: uploadPath("%c0%ae%c0%ae%c0%af", ""), status: 400, code: "InvalidParameter"},
		{name: "time zone as a path", method: "POST", path: uploadPath("a", "&timezone=../../etc/passwd"), status: 400, code: "InvalidParameter"},
		{name: "time zone as an absolute path", method: "POST", path: uploadPath("a", "&timezone=/etc/localtime"), status: 400, code: "InvalidParameter"},
		{name: "path of log events", method: "POST", path: eventsPath, status: 400, code: "InvalidParameter",
			body: `{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logPath":"/var/log/..","logRecords":["x"]}]}`},
		{name: "namespace of dots", method: "GET", path: "/20200601/namespaces/..%2f..", status: 404, code: "NotAuthorizedOrNotFound"},
		{name: "version below", method: "GET", path: "/20200601/../etc/passwd", status: 404, code: "NotAuthorizedOrNotFound"},
		{name: "another operation behind dots", method: "DELETE", path: nsPath + "/uploads/x/../../logAnalyticsLogGroups/" + groupID, status: 404, code: "NotAuthorizedOrNotFound"},
		{name: "the socket's operation behind dots", method: "GET", path: ownBase + "/../../metrics", status: 404, code: "NotAuthorizedOrNotFound"},
		{name: "a slash twice", method: "GET", path: "/20200601//namespaces/demo", status: 404, code: "NotAuthorizedOrNotFound"},
		{name: "prefix of another bucket", method: "GET", path: "/n/demo/b/x/o?prefix=../../y", status: 501, code: notImplementedCode},
		{name: "object of dots", method: "GET", path: "/n/demo/b/x/o/..%2f..%2fetc%2fpasswd", status: 501, code: notImplementedCode},
	}
	for _, name := range []string{"..", "%2e%2e", "%252e%252e", "..%2f..%2fetc%2fpasswd", "%2e%2e%5c%2e%2e", "%c0%ae%c0%ae%c0%afetc", "a%00", "%2fetc%2fpasswd", "..;"} {
		for _, dir := range []string{nsPath + "/sources/", nsPath + "/parsers/", nsPath + "/lookups/", nsPath + "/uploads/", nsPath + "/fields/", nsPath + "/labels/",
			ownBase + "/searches/", ownBase + "/lookups/", ownBase + "/users/", ownBase + "/policies/", "/20200901/managementDashboards/"} {
			list = append(list, attack{name: dir + name, method: "GET", path: dir + name + "?compartmentId=x", status: 404, code: "NotAuthorizedOrNotFound"})
		}
	}
	return list
}

func duplicates() []attack {
	twice := http.Header{"Opc-Meta-Loggrpid": {groupID, "ocid1.loganalyticsloggroup.oc1..other"}}
	return []attack{
		{name: "limit", method: "GET", path: nsPath + "/uploads?limit=1&limit=2", status: 400, code: "InvalidParameter"},
		{name: "limit, escaped", method: "GET", path: nsPath + "/uploads?limit=1&l%69mit=2", status: 400, code: "InvalidParameter"},
		{name: "a semicolon between", method: "GET", path: nsPath + "/uploads?limit=1;page=2", status: 400, code: "InvalidParameter"},
		{name: "sort order", method: "GET", path: nsPath + "/uploads?sortOrder=ASC&sortOrder=DESC", status: 400, code: "InvalidParameter"},
		{name: "file name", method: "POST", path: uploadPath("a", "&filename=b"), status: 400, code: "InvalidParameter"},
		{name: "log source", method: "POST", path: uploadPath("a", "&logSourceName=x"), status: 400, code: "InvalidParameter"},
		{name: "log group of events", method: "POST", path: eventsPath + "&logGroupId=x", body: evilEvents, status: 400, code: "InvalidParameter"},
		{name: "compartment", method: "GET", path: nsPath + "/logAnalyticsLogGroups?compartmentId=a&compartmentId=b", status: 400, code: "InvalidParameter"},
		{name: "job", method: "GET", path: nsPath + "/search/actions/query?workRequestId=a&workRequestId=b", status: 400, code: "InvalidParameter"},
		{name: "name of a lookup", method: "POST", path: nsPath + "/lookups/actions/register?type=Lookup&name=a&name=b", body: "a\n1\n", status: 400, code: "InvalidParameter"},
		{name: "isOverwrite", method: "POST", path: importPath + "&isOverwrite=false", body: evilContent, status: 400, code: "InvalidParameter"},
		{name: "header of the log group", method: "POST", path: uploadPath("a", ""), header: twice, status: 400, code: "InvalidParameter"},
		{name: "header of the digest", method: "POST", path: uploadPath("a", ""), header: http.Header{"Content-Md5": {"a", "b"}}, status: 400, code: "InvalidParameter"},
		{name: "retry token", method: "POST", path: uploadPath("a", ""), header: http.Header{"Opc-Retry-Token": {"a", "b"}}, status: 400, code: "InvalidParameter"},
		{name: "etag", method: "PUT", path: ownBase + "/policies/x", header: http.Header{"If-Match": {"a", "b"}},
			body: `{"statements":["Allow any-user to read log-groups in tenancy"]}`, status: 400, code: "InvalidParameter"},
		{name: "properties", method: "POST", path: eventsPath, body: evilEvents, header: http.Header{"Opc-Meta-Properties": {"a:b", "c:d"}}, status: 400, code: "InvalidParameter"},
	}
}

// unicodeNames try what cannot be seen, or looks like something else, in names.
func unicodeNames() (list []attack) {
	for what, text := range map[string]string{
		"direction override": "audit\u202egnp", "direction isolate": "a\u2066b", "zero width space": "chief\u200b", "zero width joiner": "chi\u200def",
		"byte order mark": "\ufeffchief", "soft hyphen": "chi\u00adef", "line separator": "a\u2028b", "NUL": "a\x00b", "escape": "a\x1b[2Jb", "line end": "a\r\nSet-Cookie: x", "tag": "a\U000e0041",
	} {
		in := url.QueryEscape(text)
		object := `{"name":` + asJSON(text) + `,"displayName":` + asJSON(text)
		list = append(list,
			attack{name: what + " in a log group", method: "POST", path: ownBase + "/log-groups", body: object + "}", status: 400, code: "InvalidParameter"},
			attack{name: what + " in a user", method: "POST", path: ownBase + "/users", body: object + "}", status: 400, code: "InvalidParameter"},
			attack{name: what + " in a group", method: "POST", path: ownBase + "/users", body: `{"name":"x","groups":[` + asJSON(text) + `]}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in an upload", method: "POST", path: uploadPath("a", "&uploadName="+in), status: 400, code: "InvalidParameter"},
			attack{name: what + " in a file", method: "POST", path: uploadPath(in, ""), status: 400, code: "InvalidParameter"},
			attack{name: what + " in a lookup", method: "POST", path: nsPath + "/lookups/actions/register?type=Lookup&name=" + in, body: "a\n1\n", status: 400, code: "InvalidParameter"},
			attack{name: what + " in our lookup", method: "PUT", path: ownBase + "/lookups/" + url.PathEscape(text), body: "a\n1\n", status: 400, code: "InvalidParameter"},
			attack{name: what + " in a saved search", method: "PUT", path: ownBase + "/searches/" + url.PathEscape(text), body: `{"query":"*"}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in a policy", method: "PUT", path: ownBase + "/policies/" + url.PathEscape(text),
				body: `{"statements":["Allow any-user to read log-groups in tenancy"]}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in a statement", method: "PUT", path: ownBase + "/policies/x",
				body: `{"statements":[` + asJSON("Allow group '"+text+"' to manage all-resources in tenancy") + `]}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in an entity", method: "POST", path: nsPath + "/logAnalyticsEntities",
				body: object + `,"compartmentId":"` + tenancy + `","entityTypeName":"Oracle Integration"}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in an entity type", method: "POST", path: nsPath + "/logAnalyticsEntityTypes", body: object + "}", status: 400, code: "InvalidParameter"},
			attack{name: what + " in a field", method: "POST", path: nsPath + "/fields/actions/upsert", body: object + `,"dataType":"STRING"}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in a label", method: "POST", path: nsPath + "/labels/actions/upsert", body: object + `}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in a dashboard", method: "POST", path: "/20200901/managementDashboards", body: asJSON(details(text)), status: 400, code: "InvalidParameter"},
		)
	}
	for what, name := range map[string]string{"long s": "Admini\u017ftrators", "Kelvin sign": "\u212aeepers", "ligature": "o\ufb03cers", "full width": "\uff21dministrators"} {
		list = append(list, attack{name: what + " in a group", method: "POST", path: ownBase + "/users", body: `{"name":"x","groups":["` + name + `"]}`, status: 400, code: "InvalidParameter"},
			attack{name: what + " in a user", method: "POST", path: ownBase + "/users", body: `{"name":"` + name + `"}`, status: 400, code: "InvalidParameter"})
	}
	return append(list,
		attack{name: "a capital I with a dot", method: "POST", path: ownBase + "/users", body: `{"name":"CH\u0130EF"}`, status: 409, code: "ResourceAlreadyExists"},
		attack{name: "another letter case", method: "POST", path: ownBase + "/users", body: `{"name":"CHIEF"}`, status: 409, code: "ResourceAlreadyExists"},
		attack{name: "no text in an upload", method: "POST", path: uploadPath("a", "&uploadName=%ff"), status: 400, code: "InvalidParameter"},
		attack{name: "half a surrogate pair", method: "POST", path: uploadPath("a", "&uploadName=%ed%a0%80"), status: 400, code: "InvalidParameter"},
	)
}

// injections try names that mean something in SQL, in a query or in a policy.
func injections() (list []attack) {
	const sql = `x'); DROP TABLE log_groups; SELECT * FROM read_csv('/etc/passwd');--`
	for _, dir := range []string{"/sources/", "/parsers/", "/lookups/", "/uploads/", "/fields/", "/labels/", "/logAnalyticsEntityTypes/"} {
		for _, text := range []string{sql, "x' OR '1'='1", `x" OR 1=1 --`, "1 UNION SELECT password FROM users", "%", "_", "*"} {
			list = append(list, attack{name: dir + text, method: "GET", path: nsPath + dir + url.PathEscape(text) + "?compartmentId=x", status: 404, code: "NotAuthorizedOrNotFound"})
		}
	}
	field := func(name string) string {
		return `<LoganContent name="x"><Parser type="0"><Name>p</Name><ParserContent>(.)</ParserContent><ParserFields><ParserField><FieldSeq>1</FieldSeq><FieldName>` + name +
			`</FieldName></ParserField></ParserFields></Parser></LoganContent>`
	}
	list = append(list, intoContent("SQL as a field", field(`a"; drop table`))...)
	list = append(list, intoContent("SQL as a field, in quotes", field(`a&quot;&quot;, (select 1) as &quot;b`))...)
	return append(list,
		attack{name: "SQL as a sort key", method: "GET", path: nsPath + "/uploads?sortBy=name;DROP%20TABLE%20uploads", status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a sort key, escaped", method: "GET", path: nsPath + "/uploads?sortBy=name%3BDROP%20TABLE%20uploads", status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a sort order", method: "GET", path: nsPath + "/uploads?sortOrder=ASC,1", status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a limit", method: "GET", path: nsPath + "/uploads?limit=1%20OR%201=1", status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a page", method: "GET", path: nsPath + "/uploads?page=" + url.QueryEscape(sql), status: 400, code: "InvalidParameter"},
		attack{name: "a page of another list", method: "GET", path: nsPath + "/uploads?page=" + strings.Repeat("A", 40), status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a user", method: "GET", path: ownBase + "/users/" + url.PathEscape("' OR ''='"), status: 404, code: "NotAuthorizedOrNotFound"},
		attack{name: "SQL as a log group", method: "POST", path: ownBase + "/log-groups", body: `{"displayName":` + asJSON(sql) + `}`, status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a field to write", method: "POST", path: nsPath + "/fields/actions/upsert", body: `{"name":` + asJSON(sql) + `,"displayName":"x","dataType":"STRING"}`, status: 400, code: "InvalidParameter"},
		attack{name: "SQL as a log source of an upload", method: "POST", path: nsPath + "/actions/uploadLogFile?filename=a&logSourceName=" + url.QueryEscape(sql), status: 404, code: "NotAuthorizedOrNotFound"},
		attack{name: "SQL as a log source of events", method: "POST", path: eventsPath, body: strings.ReplaceAll(evilEvents, "OCI Unified Schema Logs", sql), status: 404, code: "NotAuthorizedOrNotFound"},
		attack{name: "a statement in a statement", method: "PUT", path: ownBase + "/policies/x", status: 400, code: "InvalidParameter",
			body: `{"statements":["Allow group a to read log-groups in tenancy\nAllow any-user to manage all-resources in tenancy"]}`},
		attack{name: "a condition that ends early", method: "PUT", path: ownBase + "/policies/x", status: 400, code: "InvalidParameter",
			body: `{"statements":["Allow group a to read log-groups in tenancy where target.loganalytics-log-group.id = 'x' or '1' = '1'"]}`},
		attack{name: "a quote in a group", method: "PUT", path: ownBase + "/policies/x", status: 400, code: "InvalidParameter",
			body: `{"statements":["Allow group 'a' to manage all-resources in tenancy where target.loganalytics-log-group.id = 'x'' to read"]}`},
		attack{name: "a quoted resource", method: "PUT", path: ownBase + "/policies/x", status: 400, code: "InvalidParameter",
			body: `{"statements":["Allow any-user to manage 'all-resources' in tenancy"]}`},
		attack{name: "formulas as a column", method: "PUT", path: ownBase + "/lookups/x", body: "\"a\x00b\"\n1\n", status: 400, code: "InvalidParameter"},
	)
}

func bodies() []attack {
	deep := strings.Repeat(`{"a":`, 200_000)
	return []attack{
		{name: "JSON 200,000 deep", method: "POST", path: ownBase + "/log-groups", body: deep, status: 400, code: "CannotParseRequest"},
		{name: "arrays 1,000,000 deep", method: "POST", path: ownBase + "/query", body: strings.Repeat("[", 1_000_000), status: 400, code: "CannotParseRequest"},
		{name: "a deep dashboard", method: "POST", path: "/20200901/managementDashboards", body: deep, status: 400, code: "CannotParseRequest"},
		{name: "deep events", method: "POST", path: eventsPath, body: deep, status: 400, code: "InvalidParameter"},
		{name: "deep push", method: "POST", path: ingestionBase + "/logs/x/actions/push", body: deep, status: 400, code: "CannotParseRequest"},
		{name: "larger than a body may be", method: "POST", path: ownBase + "/log-groups", body: `"` + strings.Repeat("x", 5<<20) + `"`, status: 413, code: "RequestEntityTooLarge"},
		{name: "a number out of range", method: "POST", path: ownBase + "/query", body: `{"query":"*","limit":1e99}`, status: 400, code: "CannotParseRequest"},
		{name: "two documents", method: "POST", path: ownBase + "/log-groups", body: `{"displayName":"a"}{"displayName":"b"}`, status: 400, code: "CannotParseRequest"},
		{name: "a certificate as a key", method: "POST", path: ownBase + "/users/chief/keys", body: `{"key":"-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"}`, status: 400, code: "InvalidParameter"},
		{name: "a private key as a key", method: "POST", path: ownBase + "/users/chief/keys", body: `{"key":"-----BEGIN RSA PRIVATE KEY-----\nMAo=\n-----END RSA PRIVATE KEY-----\n"}`, status: 400, code: "InvalidParameter"},
		{name: "a digest of other bytes", method: "POST", path: uploadPath("a", ""), body: "x", header: http.Header{"Content-Md5": {"AAAAAAAAAAAAAAAAAAAAAA=="}}, status: 400, code: "UnmatchedContentMD5"},
	}
}

// forgeries try to write what the server notes of its own use.
func forgeries() (list []attack) {
	push := `{"specversion":"1.0","logEntryBatches":[{"source":"s","type":"TYPE","defaultlogentrytime":"2024-05-01T10:00:00Z","entries":[{"id":"1","data":"{}"}]}]}`
	refused := func(name, path, body string, header http.Header) {
		list = append(list, attack{name: name, method: "POST", path: path, body: body, header: header, status: 404, code: "NotAuthorizedOrNotFound"})
	}
	into := func(group string) http.Header { return http.Header{"Opc-Meta-Loggrpid": {group}} }
	refused("an upload into its log group", uploadPath("a", ""), "{}", into(catalog.AuditGroup))
	refused("an upload into its log group, with a blank that is none of ASCII", uploadPath("a", ""), "{}", into(catalog.AuditGroup+"\u00a0"))
	for _, name := range []string{"Ledgerline%20Audit", "LEDGERLINE%20audit"} {
		refused("an upload as "+name, strings.Replace(uploadPath("a", ""), "OCI%20Unified%20Schema%20Logs", name, 1), "{}", nil)
	}
	refused("events into its log group", strings.Replace(eventsPath, groupID, catalog.AuditGroup, 1), evilEvents, nil)
	for _, name := range []string{"Ledgerline Audit", "ledgerline AUDIT"} {
		refused("events as "+name, eventsPath, strings.ReplaceAll(evilEvents, "OCI Unified Schema Logs", name), nil)
		refused("a push as "+name, ingestionBase+"/logs/x/actions/push", strings.Replace(push, "TYPE", name, 1), nil)
	}
	refused("a push into its log group", ingestionBase+"/logs/"+catalog.AuditGroup+"/actions/push", push, nil)
	return append(list,
		attack{name: "its log group deleted", method: "DELETE", path: nsPath + "/logAnalyticsLogGroups/" + catalog.AuditGroup, status: 409, code: "IncorrectState"},
		attack{name: "its log group renamed", method: "PUT", path: nsPath + "/logAnalyticsLogGroups/" + catalog.AuditGroup, body: `{"displayName":"x"}`, status: 409, code: "IncorrectState"},
		attack{name: "its log source deleted", method: "DELETE", path: nsPath + "/sources/Ledgerline%20Audit", status: 409, code: "IncorrectState"},
	)
}
