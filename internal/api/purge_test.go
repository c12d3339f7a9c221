package api

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
)

func TestSDKDeleteUpload(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	up, err := g.upload(c, `{"items":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.upload(c, `{"items":[1]}`); err != nil {
		t.Fatal(err)
	}
	// What is being parsed cannot go: its records would come after its deletion.
	_, err = c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference})
	refused(t, err, 409, "IncorrectState")
	var refs []string
	for _, u := range g.received() {
		refs = append(refs, u.Reference)
		if err := g.cat.FinishFiles(ctx, []catalog.Finished{{File: catalog.File{Reference: u.Reference, UploadName: u.Name, Received: u.Received, Rows: 3},
			Warnings: []catalog.Warning{{Code: "ValueDropped", Message: "m", Count: 1}}}}); err != nil {
			t.Fatal(err)
		}
	}
	warnings, err := c.ListUploadWarnings(ctx, la.ListUploadWarningsRequest{NamespaceName: ns, UploadReference: up.Reference})
	if err != nil || len(warnings.Items) != 2 {
		t.Fatalf("%+v, %v", warnings.Items, err)
	}
	drop := la.DeleteUploadWarningRequest{NamespaceName: ns, UploadReference: up.Reference, WarningReference: warnings.Items[0].Reference}
	if _, err := c.DeleteUploadWarning(ctx, drop); err != nil {
		t.Error(err)
	}
	_, err = c.DeleteUploadWarning(ctx, drop)
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	one, err := c.GetUpload(ctx, la.GetUploadRequest{NamespaceName: ns, UploadReference: up.Reference})
	if err != nil || *one.WarningsCount != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference, IfMatch: ptr("old")})
	refused(t, err, 412, "NoEtagMatch")
	_, err = c.DeleteUploadFile(ctx, la.DeleteUploadFileRequest{NamespaceName: ns, UploadReference: up.Reference, FileReference: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	if len(g.store.purged) != 0 {
		t.Fatalf("%+v purged by refused calls", g.store.purged)
	}
	file, err := c.DeleteUploadFile(ctx, la.DeleteUploadFileRequest{NamespaceName: ns, UploadReference: up.Reference, FileReference: &refs[0]})
	if err != nil || *file.OpcDeletedLogCount != 3 || *file.OpcDeletedLogfileCount != 1 {
		t.Errorf("%+v, %v", file, err)
	}
	if p := g.store.purged[0]; !slices.Equal(p.Uploads, refs[:1]) || p.Actor != userID || p.Groups != nil || p.Before != 0 {
		t.Errorf("%+v", p)
	}
	if _, err := c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference}); err != nil {
		t.Error(err)
	}
	if p := g.store.purged[1]; !slices.Equal(p.Uploads, refs[1:]) {
		t.Errorf("%+v", p)
	}
	_, err = c.GetUpload(ctx, la.GetUploadRequest{NamespaceName: ns, UploadReference: up.Reference})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

func TestSDKPurge(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	end := common.SDKTime{Time: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}
	size, err := c.EstimatePurgeDataSize(ctx, la.EstimatePurgeDataSizeRequest{NamespaceName: ns,
		EstimatePurgeDataSizeDetails: la.EstimatePurgeDataSizeDetails{CompartmentId: ptr(tenancy), TimeDataEnded: &end}})
	if err != nil || *size.PurgeDataSizeInBytes != 300 || len(g.store.purged) != 0 {
		t.Errorf("%+v, %v", size, err)
	}
	for _, d := range []la.PurgeStorageDataDetails{
		{CompartmentId: ptr(tenancy), TimeDataEnded: &end, PurgeQueryString: ptr("'Log Source' = x")},
		{CompartmentId: ptr(tenancy), TimeDataEnded: &end, DataType: la.StorageDataTypeLookup},
		{CompartmentId: ptr(tenancy), TimeDataEnded: &common.SDKTime{}},
	} {
		_, err := c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: d})
		refused(t, err, 400, "InvalidParameter")
	}
	_, err = c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: la.PurgeStorageDataDetails{CompartmentId: ptr("ocid1.compartment.oc1..x"), TimeDataEnded: &end}})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	if len(g.store.purged) != 0 {
		t.Fatalf("%+v purged by refused calls", g.store.purged)
	}
	done, err := c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: la.PurgeStorageDataDetails{CompartmentId: ptr(tenancy),
		CompartmentIdInSubtree: ptr(true), TimeDataEnded: &end, PurgeQueryString: ptr("*")}})
	if err != nil || done.OpcWorkRequestId == nil || done.Location == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	if p := g.store.purged[0]; !slices.Equal(p.Groups, []string{groupID}) || p.Before != end.UnixMilli() || p.Uploads != nil || p.Actor != userID {
		t.Errorf("%+v", p)
	}
	w, err := c.GetStorageWorkRequest(ctx, la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: done.OpcWorkRequestId})
	if err != nil || w.Status != la.WorkRequestStatusSucceeded || w.OperationType != la.StorageOperationTypePurgeStorageData || *w.PercentComplete != 100 {
		t.Errorf("%+v, %v", w, err)
	}
	_, err = c.GetStorageWorkRequest(ctx, la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	list, err := c.ListStorageWorkRequests(ctx, la.ListStorageWorkRequestsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)})
	if err != nil || len(list.Items) != 1 || *list.Items[0].Id != *done.OpcWorkRequestId {
		t.Errorf("%+v, %v", list.Items, err)
	}
}
