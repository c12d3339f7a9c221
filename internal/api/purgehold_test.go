package api

import (
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
)

// Under legal hold nothing is deleted, neither at once nor by what was accepted before.
func TestLegalHoldRefusesDeletion(t *testing.T) {
	held := false
	g := newRig(t, func(o *Options) { o.Held = func(group string) bool { return held && group == groupID } })
	c, ns, ctx := g.sdk(), ptr("demo"), t.Context()
	up, err := g.upload(c, `{"items":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range g.received() {
		if err := g.cat.FinishFiles(ctx, []catalog.Finished{{File: catalog.File{Reference: u.Reference, UploadName: u.Name, Received: u.Received}}}); err != nil {
			t.Fatal(err)
		}
	}
	details := la.PurgeStorageDataDetails{CompartmentId: ptr(tenancy), TimeDataEnded: &common.SDKTime{Time: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}}
	accepted, err := c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: details})
	if err != nil {
		t.Fatal(err)
	}
	held = true
	_, err = c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: details})
	refused(t, err, 409, "IncorrectState")
	_, err = c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference})
	refused(t, err, 409, "IncorrectState")
	if !strings.Contains(err.Error(), "legal hold") {
		t.Errorf("%v does not say why", err)
	}
	if err := g.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	work, err := c.GetStorageWorkRequest(ctx, la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: accepted.OpcWorkRequestId})
	if err != nil || work.Status != la.WorkRequestStatusFailed || !strings.Contains(*work.StatusDetails, "legal hold") {
		t.Errorf("%+v, %v", work.StorageWorkRequest, err)
	}
	if len(g.store.purged) != 0 {
		t.Errorf("%+v purged under hold", g.store.purged)
	}
	if u := g.received()[0]; u.Erased != nil || len(u.Body) == 0 {
		t.Errorf("bytes erased under hold: %+v", u.Erased)
	}
	held = false
	if _, err := c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference}); err != nil {
		t.Error(err)
	}
}
