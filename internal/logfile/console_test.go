package logfile

import (
	"encoding/json"
	"strings"
	"testing"
)

// The line is the reference's (log-sources.md, section 1.5), the attributes those of the same record in the REST API.
func TestConsoleDownload(t *testing.T) {
	for line, want := range map[string]map[string]string{
		"[2024-05-01 09:12:40.003 Z] [userID: ana] [ana,LOCK,ICS_AppInstance,ERP_REST,ERP_REST,null] User ana locked Connection ERP_REST": {
			"timeStamp": "2024-05-01T09:12:40.003Z", "userName": "ana", "operationName": "lock", "resourceType": "ICS_AppInstance",
			"resourceCode": "ERP_REST", "resourceName": "ERP_REST", "auditTrailMessage": "User ana locked Connection ERP_REST",
		},
		"[2024-05-01 09:15:02.417] [userId: ana@example.com] [ana@example.com,ACTIVATE,ICS_ProjectV2,ORDERS_TO_ERP,Orders, To ERP [new],01.02.0000] User activated Integration Orders (01.02.0000)\r": {
			"timeStamp": "2024-05-01 09:15:02.417", "userName": "ana@example.com", "operationName": "activate", "resourceType": "ICS_ProjectV2",
			"resourceCode": "ORDERS_TO_ERP", "resourceName": "Orders, To ERP [new]", "resourceVersion": "01.02.0000",
			"auditTrailMessage": "User activated Integration Orders (01.02.0000)",
		},
	} {
		got, problems := read(t, strings.NewReader(line+"\n{\"id\":1}\n"), Options{})
		if len(got) != 2 || len(problems) > 0 {
			t.Fatalf("%q, %v", got, problems)
		}
		var attributes map[string]string
		if err := json.Unmarshal([]byte(got[0]), &attributes); err != nil {
			t.Fatal(err)
		}
		if attributes["line"] != strings.TrimSuffix(line, "\r") {
			t.Errorf("the line itself is not kept: %q", attributes["line"])
		}
		delete(attributes, "line")
		for name, v := range want {
			if attributes[name] != v {
				t.Errorf("%s is %q, want %q", name, attributes[name], v)
			}
		}
		if len(attributes) != len(want) {
			t.Errorf("attributes %v, want %v", attributes, want)
		}
	}
}
