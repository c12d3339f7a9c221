package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
	"ledgerline/internal/store"
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
	for _, u := range g.received() {
		if (u.Erased != nil) != (u.Reference == refs[0]) || (len(u.Body) == 0) != (u.Reference == refs[0]) {
			t.Errorf("%s: %+v, %d bytes", u.Reference, u.Erased, len(u.Body))
		}
	}
	if p := g.store.purged[0]; !slices.Equal(p.Uploads, refs[:1]) || p.Actor != userID || p.Groups != nil || p.Before != 0 {
		t.Errorf("%+v", p)
	}
	if _, err := c.DeleteUpload(ctx, la.DeleteUploadRequest{NamespaceName: ns, UploadReference: up.Reference}); err != nil {
		t.Error(err)
	}
	for _, u := range g.received() {
		if u.Erased == nil || u.Erased.Actor != userID || !strings.HasSuffix(u.Erased.Reason, *up.Reference) || len(u.Body) > 0 {
			t.Errorf("%s: %+v, %d bytes", u.Reference, u.Erased, len(u.Body))
		}
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
		EstimatePurgeDataSizeDetails: la.EstimatePurgeDataSizeDetails{CompartmentId: ptr(tenancy), TimeDataEnded: &end, PurgeQueryString: ptr("error")}})
	if err != nil || *size.PurgeDataSizeInBytes != 300 || len(g.store.purged) != 0 {
		t.Errorf("%+v, %v", size, err)
	}
	if r := g.engine.matched[0]; r.Text != "error" || !slices.Equal(r.Scope.Groups, []string{groupID}) || !r.Window.To.Equal(end.Time) || !r.Window.From.IsZero() {
		t.Errorf("%+v", r)
	}
	purge := func(d la.PurgeStorageDataDetails) (la.PurgeStorageDataResponse, error) {
		return c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: d, OpcRetryToken: ptr("once")})
	}
	for _, d := range []la.PurgeStorageDataDetails{
		{CompartmentId: ptr(tenancy), TimeDataEnded: &end, PurgeQueryString: ptr("* | stats count")},
		{CompartmentId: ptr(tenancy), TimeDataEnded: &end, DataType: la.StorageDataTypeLookup},
		{CompartmentId: ptr(tenancy), TimeDataEnded: &common.SDKTime{}},
	} {
		_, err := purge(d)
		refused(t, err, 400, "InvalidParameter")
	}
	_, err = purge(la.PurgeStorageDataDetails{CompartmentId: ptr("ocid1.compartment.oc1..x"), TimeDataEnded: &end})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	details := la.PurgeStorageDataDetails{CompartmentId: ptr(tenancy), CompartmentIdInSubtree: ptr(true), TimeDataEnded: &end, PurgeQueryString: ptr("error")}
	_, err = c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns, PurgeStorageDataDetails: details, IfMatch: ptr("p4")})
	refused(t, err, 412, "NoEtagMatch")

	done, err := purge(details)
	if err != nil || done.OpcWorkRequestId == nil || done.Location == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	if again, err := purge(details); err != nil || *again.OpcWorkRequestId != *done.OpcWorkRequestId {
		t.Errorf("the same retry token: %+v, %v", again, err)
	}
	_, err = purge(la.PurgeStorageDataDetails{CompartmentId: ptr(tenancy), TimeDataEnded: &end})
	refused(t, err, 409, "InvalidatedRetryToken")
	get := la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: done.OpcWorkRequestId}
	w, err := c.GetStorageWorkRequest(ctx, get)
	if err != nil || w.Status != la.WorkRequestStatusAccepted || *w.PercentComplete != 0 || len(g.store.purged) != 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	if err := g.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	if len(g.store.purged) != 1 {
		t.Fatalf("%+v", g.store.purged)
	}
	if p := g.store.purged[0]; !slices.Equal(p.Groups, []string{groupID}) || p.Before != end.UnixMilli() || p.Uploads != nil || p.Actor != userID || p.Match == nil {
		t.Errorf("%+v", p)
	}
	w, err = c.GetStorageWorkRequest(ctx, get)
	if err != nil || w.Status != la.WorkRequestStatusSucceeded || w.OperationType != la.StorageOperationTypePurgeStorageData || *w.PercentComplete != 100 ||
		*w.PurgeQueryString != "error" || w.TimeFinished == nil {
		t.Errorf("%+v, %v", w, err)
	}
	if err := g.server.RunStorageWork(ctx); err != nil || len(g.store.purged) != 1 {
		t.Errorf("%v, purged %d times", err, len(g.store.purged))
	}
	_, err = c.GetStorageWorkRequest(ctx, la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	for status, want := range map[la.ListStorageWorkRequestsStatusEnum]int{"": 1, la.ListStorageWorkRequestsStatusSucceeded: 1, la.ListStorageWorkRequestsStatusFailed: 0} {
		list, err := c.ListStorageWorkRequests(ctx, la.ListStorageWorkRequestsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Status: status})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: %+v, %v", status, list.Items, err)
		}
	}
	// After a month nobody needs it any more.
	g.advance(storageWorkLife)
	if err := g.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.cat.Item(ctx, catalog.StorageWork, *done.OpcWorkRequestId); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// A purge that the server did not finish is taken up again; one that fails says why.
func TestPurgeIsTakenUp(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	end := common.SDKTime{Time: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}
	done, err := c.PurgeStorageData(ctx, la.PurgeStorageDataRequest{NamespaceName: ns,
		PurgeStorageDataDetails: la.PurgeStorageDataDetails{CompartmentId: ptr(tenancy), TimeDataEnded: &end}})
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(ctx)
	g.store.purge = func(store.Purge) error { stop(); return stopped.Err() }
	if err := g.server.RunStorageWork(stopped); err == nil {
		t.Fatal("no error of a stopped run")
	}
	get := la.GetStorageWorkRequestRequest{NamespaceName: ns, WorkRequestId: done.OpcWorkRequestId}
	if w, err := c.GetStorageWorkRequest(ctx, get); err != nil || w.Status != la.WorkRequestStatusInProgress {
		t.Errorf("%+v, %v", w, err)
	}
	g.store.purge = func(p store.Purge) error {
		p.Progress(1, 2)
		if w, err := c.GetStorageWorkRequest(ctx, get); err != nil || *w.PercentComplete != 50 || w.RetryAfter == nil {
			t.Errorf("%+v, %v", w, err)
		}
		return &Error{Status: 500, Code: "InternalServerError", Message: "segment 7 is damaged"}
	}
	if err := g.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	w, err := c.GetStorageWorkRequest(ctx, get)
	if err != nil || w.Status != la.WorkRequestStatusFailed || *w.StatusDetails != "segment 7 is damaged" {
		t.Errorf("%+v, %v", w, err)
	}
	list, err := c.ListStorageWorkRequestErrors(ctx, la.ListStorageWorkRequestErrorsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), WorkRequestId: done.OpcWorkRequestId})
	if err != nil || len(list.Items) != 1 || *list.Items[0].Message != "segment 7 is damaged" {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = c.ListStorageWorkRequestErrors(ctx, la.ListStorageWorkRequestErrorsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	storage := la.UpdateStorageRequest{NamespaceName: ns, UpdateStorageDetails: la.UpdateStorageDetails{ArchivingConfiguration: &la.ArchivingConfiguration{}}, IfMatch: ptr("1")}
	if same, err := c.UpdateStorage(ctx, storage); err != nil || *same.IsArchivingEnabled {
		t.Errorf("%+v, %v", same, err)
	}
	storage.ArchivingConfiguration.ActiveStorageDuration = ptr("P30D")
	_, err = c.UpdateStorage(ctx, storage)
	refused(t, err, 400, "InvalidParameter")
	storage.IfMatch = ptr("2")
	_, err = c.UpdateStorage(ctx, storage)
	refused(t, err, 412, "NoEtagMatch")
	if storage, err := c.GetStorage(ctx, la.GetStorageRequest{NamespaceName: ns}); err != nil || *storage.IsArchivingEnabled {
		t.Errorf("%+v, %v", storage, err)
	}
}

// keeper may delete from the log group Audit alone.
func (w *world) keeper() *browser {
	w.t.Helper()
	if _, err := w.cat.SavePolicy(w.t.Context(), catalog.Policy{Name: "keepers", Statements: []string{
		"Allow group Keepers to manage log-groups in tenancy where target.loganalytics-log-group.id = '" + groupID + "'",
		"Allow group Keepers to manage loganalytics-features-family in tenancy"}}, ""); err != nil {
		w.t.Fatal(err)
	}
	w.user("keeper", "Keepers")
	b := w.browser()
	if b.logIn("keeper", password) != 200 {
		w.t.Fatal("no login")
	}
	return b
}

// A purge deletes from the log groups that its owner may delete from when it runs,
// and neither its count nor its record tells of others.
func TestPurgeStaysInItsLogGroups(t *testing.T) {
	w := newWorld(t, true)
	ctx, keeper := t.Context(), w.keeper()
	purge := func(b *browser, action, text string) (int, map[string]any) {
		body, err := json.Marshal(map[string]any{"compartmentId": tenancy, "compartmentIdInSubtree": true, "timeDataEnded": "2025-01-01T00:00:00Z", "purgeQueryString": text})
		if err != nil {
			t.Fatal(err)
		}
		return b.call("POST", nsPath+"/storage/actions/"+action, string(body))
	}
	count := func(text string) any {
		_, m := w.admin.call("POST", ownBase+"/query", `{"query":"`+text+` | stats count","from":"2024-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z"}`)
		return m["rows"].([]any)[0].([]any)[0]
	}
	for text, want := range map[string]float64{"*": 30, "'User Name' = 'ann@example.com'": 10, "'Log Group' != Audit": 0, secretWord: 0, "'Log Group' = '" + w.secret + "'": 0} {
		code, m := purge(keeper, "estimatePurgeDataSize", text)
		if code != 200 || m["records"] != want {
			t.Errorf("%s: %d %v, want %v", text, code, m, want)
		}
	}
	for _, action := range []string{"estimatePurgeDataSize", "purgeData"} {
		if code, m := purge(w.reader, action, "*"); code != 404 {
			t.Errorf("the reader: %s: %d %v", action, code, m)
		}
	}
	if code, m := purge(w.admin, "purgeData", "'User Name' = nobody"); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	if code, m := purge(keeper, "purgeData", "'User Name' = 'ann@example.com'"); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	if err := w.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	// Of the 35 records of ann, 25 are in the secret group.
	if all, others, secret := count("*"), count("'User Name' != 'ann@example.com' and 'Log Group' = Audit"), count("'User Name' = 'ann@example.com'"); all != 70.0 || others != 20.0 || secret != 25.0 {
		t.Errorf("%v records, %v others, %v of ann", all, others, secret)
	}
	works := nsPath + "/storageWorkRequests"
	for who, want := range map[*browser]int{w.admin: 2, keeper: 1, w.reader: 1} {
		code, m := who.call("GET", works+"?compartmentId="+tenancy, "")
		if items, _ := m["items"].([]any); code != 200 || len(items) != want {
			t.Errorf("%d %v, want %d", code, m, want)
		}
	}
	_, all := w.admin.call("GET", works+"?compartmentId="+tenancy, "")
	var others string
	for _, v := range all["items"].([]any) {
		if m := v.(map[string]any); strings.Contains(m["purgeQueryString"].(string), "nobody") {
			others = m["id"].(string)
		}
	}
	for _, path := range []string{works + "/" + others, works + "/" + others + "/errors?compartmentId=" + tenancy} {
		if code, m := keeper.call("GET", path, ""); code != 404 {
			t.Errorf("%s: %d %v", path, code, m)
		}
	}

	// Between asking and running, the right is taken away.
	if code, m := purge(keeper, "purgeData", "*"); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	if err := w.cat.DeletePolicy(ctx, "keepers", ""); err != nil {
		t.Fatal(err)
	}
	if err := w.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	if left := count("'Log Group' = Audit"); left != 20.0 {
		t.Errorf("%v records left", left)
	}
	_, all = w.admin.call("GET", works+"?compartmentId="+tenancy+"&status=FAILED", "")
	if items, _ := all["items"].([]any); len(items) != 1 {
		t.Errorf("%v", all)
	}
}
