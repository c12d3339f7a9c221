package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loggingingestion"
	"github.com/oracle/oci-go-sdk/v65/loggingsearch"

	"ledgerline/internal/deliver"
	"ledgerline/internal/stage"
)

// What an OCI Logging client pushes is staged, parsed, stored, and read back by
// an OCI Logging client as it was; a query knows its fields meanwhile.
func TestPushedLogsAreReadBack(t *testing.T) {
	clock := &hand{time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	n := opened(t, clock)
	web := httptest.NewServer(n.server.LocalHandler())
	t.Cleanup(web.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	provider := common.NewRawConfigurationProvider("ocid1.tenancy.oc1..x", "ocid1.user.oc1..x", "eu-frankfurt-1", "aa:bb",
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil)
	in, err := loggingingestion.NewLoggingClientWithConfigurationProvider(provider)
	if err != nil {
		t.Fatal(err)
	}
	in.Host = web.URL
	out, err := loggingsearch.NewLogSearchClientWithConfigurationProvider(provider)
	if err != nil {
		t.Fatal(err)
	}
	out.Host = web.URL

	const log, kind = "ocid1.log.oc1..oac", "com.oraclecloud.analytics.analyticsinstance.audit"
	b := loggingingestion.LogEntryBatch{Source: common.String("SalesOAC"), Type: common.String(kind), Defaultlogentrytime: &common.SDKTime{Time: clock.at.Add(-time.Minute)}}
	for i := range 5 {
		b.Entries = append(b.Entries, loggingingestion.LogEntry{Id: common.String(fmt.Sprint("event-", i)),
			Data: common.String(fmt.Sprintf(`{"category":"snapshot","message":"Snapshot %d created.","userId":"ana@example.com"}`, i))})
	}
	if _, err := in.PutLogs(t.Context(), loggingingestion.PutLogsRequest{LogId: common.String(log),
		PutLogsDetails: loggingingestion.PutLogsDetails{Specversion: common.String("1.0"), LogEntryBatches: []loggingingestion.LogEntryBatch{b}}}); err != nil {
		t.Fatal(err)
	}
	if err := n.stage.SealReceived(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := deliver.New(n.stage, deliver.Options{}).Drain(t.Context(), stage.ReceivedIntegration, n.receivedSink()); err != nil {
		t.Fatal(err)
	}
	if rows := ask(t, n, "'Log Source' = 'OCI Analytics Cloud Audit Logs' and Label = 'Snapshot Change' and 'Logging Log OCID' = '"+log+"' | stats count", time.Hour).Rows; rows[0][0] != int64(5) {
		t.Errorf("the query language counts %v of 5", rows[0][0])
	}
	seen := map[string]bool{}
	text := fmt.Sprintf("search \"ocid1.tenancy.oc1..ledgerline/%s/%s\" | where type = '%s' and data.category = 'snap*' | sort by datetime desc", n.defaultGroup, log, kind)
	r := loggingsearch.SearchLogsRequest{Limit: common.Int(2), SearchLogsDetails: loggingsearch.SearchLogsDetails{SearchQuery: &text,
		TimeStart: &common.SDKTime{Time: clock.at.Add(-time.Hour)}, TimeEnd: &common.SDKTime{Time: clock.at}}}
	for {
		answer, err := out.SearchLogs(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range answer.Results {
			data := (*one.Data).(map[string]any)
			event := data["logContent"].(map[string]any)
			if data["datetime"] != float64(clock.at.Add(-time.Minute).UnixMilli()) || event["source"] != "SalesOAC" || event["specversion"] != "1.0" ||
				event["data"].(map[string]any)["userId"] != "ana@example.com" || event["oracle"].(map[string]any)["logid"] != log {
				t.Errorf("%v", data)
			}
			seen[event["id"].(string)] = true
		}
		if answer.OpcNextPage == nil {
			break
		}
		r.Page = answer.OpcNextPage
	}
	if len(seen) != 5 {
		t.Errorf("read back: %v", seen)
	}
}
