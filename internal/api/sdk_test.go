package api

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
)

func TestSDKNamespaces(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	list, err := c.ListNamespaces(ctx, loganalytics.ListNamespacesRequest{CompartmentId: ptr(tenancy)})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || *list.Items[0].NamespaceName != "demo" || !*list.Items[0].IsOnboarded || *list.Items[0].CompartmentId != tenancy {
		t.Errorf("%+v", list.Items)
	}
	one, err := c.GetNamespace(ctx, loganalytics.GetNamespaceRequest{NamespaceName: ptr("demo")})
	if err != nil || *one.NamespaceName != "demo" || *one.IsDataEverIngested || one.LifecycleState != loganalytics.NamespaceLifecycleStateActive {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = c.GetNamespace(ctx, loganalytics.GetNamespaceRequest{NamespaceName: ptr("other")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

func (g *rig) upload(c loganalytics.LogAnalyticsClient, body string, change ...func(*loganalytics.UploadLogFileRequest)) (loganalytics.UploadLogFileResponse, error) {
	r := loganalytics.UploadLogFileRequest{NamespaceName: ptr("demo"), LogSourceName: ptr(auditLog), Filename: ptr("audit 1.json"), OpcMetaLoggrpid: ptr(groupID),
		UploadName: ptr("oic audit logs push"), UploadLogFileBody: io.NopCloser(strings.NewReader(body))}
	for _, f := range change {
		f(&r)
	}
	return c.UploadLogFile(context.Background(), r)
}

func TestSDKUpload(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	const body = `{"items":[]}`
	sum := md5.Sum([]byte(body))
	digest := base64.StdEncoding.EncodeToString(sum[:])
	up, err := g.upload(c, body, func(r *loganalytics.UploadLogFileRequest) {
		r.ContentMd5, r.Timezone, r.CharEncoding, r.DateFormat, r.DateYear = &digest, ptr("Europe/Rome"), ptr("UTF-8"), ptr("DAY_MONTH_YEAR"), ptr("2024")
		r.EntityId, r.InvalidateCache = ptr("ocid1.loganalyticsentity.oc1..e"), ptr(true)
	})
	if err != nil {
		t.Fatal(err)
	}
	if *up.Name != "oic audit logs push" || *up.OpcContentMd5 != digest || *up.OpcObjectId == "" || *up.WarningsCount != 0 ||
		up.TimeCreated.Sub(g.now()).Abs() > time.Minute {
		t.Errorf("%+v", up.Upload)
	}
	staged := g.received()
	if len(staged) != 1 {
		t.Fatalf("%d uploads staged", len(staged))
	}
	u := staged[0]
	if string(u.Body) != body || u.File != "audit 1.json" || u.LogGroup != groupID || u.Timezone != "Europe/Rome" || u.Encoding != "UTF-8" ||
		u.DateFormat != "DAY_MONTH_YEAR" || u.DateYear != 2024 || u.Entity != "ocid1.loganalyticsentity.oc1..e" || u.User != userID || u.MD5 != digest ||
		u.Reference != *up.OpcObjectId || u.RetryToken == "" {
		t.Errorf("staged %+v", u.Upload)
	}
	if source, ok := g.lib.Source(auditLog); !ok || u.Source != source.Name {
		t.Errorf("staged for log source %q", u.Source)
	}

	// Visible at once, and grouped by the name of the upload.
	if _, err := g.upload(c, body); err != nil {
		t.Fatal(err)
	}
	list, err := c.ListUploads(ctx, loganalytics.ListUploadsRequest{NamespaceName: ptr("demo")})
	if err != nil || len(list.Items) != 1 || *list.Items[0].Reference != *up.Reference || *list.OpcTotalItems != 1 || list.OpcNextPage != nil {
		t.Fatalf("%+v, %v", list, err)
	}
	files, err := c.ListUploadFiles(ctx, loganalytics.ListUploadFilesRequest{NamespaceName: ptr("demo"), UploadReference: up.Reference})
	if err != nil || len(files.Items) != 2 {
		t.Fatalf("%+v, %v", files.Items, err)
	}
	for _, f := range files.Items {
		if f.Status != loganalytics.UploadFileSummaryStatusInProgress || *f.Name != "audit 1.json" || *f.LogGroupId != groupID || *f.LogGroupName != "Audit" || *f.SourceName != auditLog {
			t.Errorf("%+v", f)
		}
	}

	// What became of the first file.
	if err := g.cat.FinishFiles(ctx, []catalog.Finished{{File: catalog.File{Reference: u.Reference, UploadName: u.Name, Received: u.Received, Rows: 3,
		Earliest: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Latest: time.Date(2024, 5, 2, 0, 0, 0, 0, time.UTC)},
		Warnings: []catalog.Warning{{Code: "ValueDropped", Message: "2 values", Count: 2, Example: "x"}}}}); err != nil {
		t.Fatal(err)
	}
	one, err := c.GetUpload(ctx, loganalytics.GetUploadRequest{NamespaceName: ptr("demo"), UploadReference: up.Reference})
	if err != nil || *one.WarningsCount != 1 || one.TimeLatestLogEntry.Day() != 2 || *one.Etag == "" {
		t.Errorf("%+v, %v", one, err)
	}
	files, err = c.ListUploadFiles(ctx, loganalytics.ListUploadFilesRequest{NamespaceName: ptr("demo"), UploadReference: up.Reference,
		Status: []loganalytics.ListUploadFilesStatusEnum{loganalytics.ListUploadFilesStatusSuccessful}})
	if err != nil || len(files.Items) != 1 || *files.Items[0].Reference != u.Reference || *files.Items[0].ChunksSuccess != 1 {
		t.Errorf("%+v, %v", files.Items, err)
	}
	warnings, err := c.ListUploadWarnings(ctx, loganalytics.ListUploadWarningsRequest{NamespaceName: ptr("demo"), UploadReference: up.Reference})
	if err != nil || len(warnings.Items) != 1 || *warnings.Items[0].Status != "ValueDropped" || !strings.Contains(*warnings.Items[0].ErrorMessage, "2 values") {
		t.Errorf("%+v, %v", warnings.Items, err)
	}
	with, err := c.ListUploads(ctx, loganalytics.ListUploadsRequest{NamespaceName: ptr("demo"), WarningsFilter: loganalytics.ListUploadsWarningsFilterWithoutWarnings})
	if err != nil || len(with.Items) != 0 {
		t.Errorf("%+v, %v", with.Items, err)
	}
	for _, err := range []error{
		func() error {
			_, err := c.GetUpload(ctx, loganalytics.GetUploadRequest{NamespaceName: ptr("demo"), UploadReference: ptr("1")})
			return err
		}(),
		func() error {
			_, err := c.ListUploadFiles(ctx, loganalytics.ListUploadFilesRequest{NamespaceName: ptr("demo"), UploadReference: ptr("1")})
			return err
		}(),
		func() error {
			_, err := c.ListUploadWarnings(ctx, loganalytics.ListUploadWarningsRequest{NamespaceName: ptr("demo"), UploadReference: ptr("1")})
			return err
		}(),
	} {
		refused(t, err, 404, "NotAuthorizedOrNotFound")
	}
}

func TestSDKUploadRefused(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits.MaxUpload = 1000 })
	c := g.sdk()
	for name, k := range map[string]struct {
		change func(*loganalytics.UploadLogFileRequest)
		status int
		code   string
		says   string
	}{
		"source":  {func(r *loganalytics.UploadLogFileRequest) { r.LogSourceName = ptr("No Such Source") }, 404, "NotAuthorizedOrNotFound", "No Such Source"},
		"group":   {func(r *loganalytics.UploadLogFileRequest) { r.OpcMetaLoggrpid = ptr("ocid1.x") }, 404, "NotAuthorizedOrNotFound", "ocid1.x"},
		"digest":  {func(r *loganalytics.UploadLogFileRequest) { r.ContentMd5 = ptr("sZRqySSS0jR8YjW00mERhA==") }, 400, "UnmatchedContentMD5", "sZRqySSS0jR8YjW00mERhA=="},
		"zone":    {func(r *loganalytics.UploadLogFileRequest) { r.Timezone = ptr("Rome/Europe") }, 400, "InvalidParameter", "Rome/Europe"},
		"format":  {func(r *loganalytics.UploadLogFileRequest) { r.DateFormat = ptr("YMD") }, 400, "InvalidParameter", "dateFormat"},
		"year":    {func(r *loganalytics.UploadLogFileRequest) { r.DateYear = ptr("24") }, 400, "InvalidParameter", "dateYear"},
		"log set": {func(r *loganalytics.UploadLogFileRequest) { r.LogSet = ptr("x") }, 400, "InvalidParameter", "logSet"},
		"file":    {func(r *loganalytics.UploadLogFileRequest) { r.Filename = ptr("..") }, 400, "InvalidParameter", "filename"},
		"control": {func(r *loganalytics.UploadLogFileRequest) { r.UploadName = ptr("a\nb") }, 400, "InvalidParameter", "uploadName"},
		"too big": {func(r *loganalytics.UploadLogFileRequest) {
			r.UploadLogFileBody = io.NopCloser(bytes.NewReader(make([]byte, 1001)))
		}, 413, "RequestEntityTooLarge", "1000"},
		"token":    {func(r *loganalytics.UploadLogFileRequest) { r.OpcRetryToken = ptr(strings.Repeat("x", 65)) }, 400, "InvalidParameter", "opc-retry-token"},
		"no group": {func(r *loganalytics.UploadLogFileRequest) { r.OpcMetaLoggrpid = ptr("") }, 400, "MissingParameter", "opc-meta-loggrpid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := g.upload(c, "x", k.change)
			refused(t, err, k.status, k.code)
			if err != nil && !strings.Contains(err.Error(), k.says) {
				t.Errorf("%v does not say %q", err, k.says)
			}
		})
	}
	g.store.busy = true
	_, err := g.upload(c, "x")
	refused(t, err, http.StatusTooManyRequests, "TooManyRequests")
	if n := len(g.received()); n != 0 {
		t.Errorf("%d refused uploads were staged", n)
	}
}

func TestSDKLogGroups(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	made, err := c.CreateLogAnalyticsLogGroup(ctx, loganalytics.CreateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), OpcRetryToken: ptr("tok"),
		CreateLogAnalyticsLogGroupDetails: loganalytics.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("Second"), CompartmentId: ptr(tenancy), Description: ptr("d"),
			FreeformTags: map[string]string{"k": "<v>"}}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.CreateLogAnalyticsLogGroup(ctx, loganalytics.CreateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), OpcRetryToken: ptr("tok"),
		CreateLogAnalyticsLogGroupDetails: loganalytics.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("Second"), CompartmentId: ptr(tenancy), Description: ptr("d"),
			FreeformTags: map[string]string{"k": "<v>"}}})
	if err != nil || *again.Id != *made.Id {
		t.Errorf("the same token made %v, %v", again.Id, err)
	}
	_, err = c.CreateLogAnalyticsLogGroup(ctx, loganalytics.CreateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), OpcRetryToken: ptr("tok"),
		CreateLogAnalyticsLogGroupDetails: loganalytics.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("Third"), CompartmentId: ptr(tenancy)}})
	refused(t, err, 409, "InvalidatedRetryToken")
	_, err = c.CreateLogAnalyticsLogGroup(ctx, loganalytics.CreateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"),
		CreateLogAnalyticsLogGroupDetails: loganalytics.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("-bad"), CompartmentId: ptr(tenancy)}})
	refused(t, err, 400, "InvalidParameter")

	got, err := c.GetLogAnalyticsLogGroup(ctx, loganalytics.GetLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: made.Id})
	if err != nil || *got.DisplayName != "Second" || got.FreeformTags["k"] != "<v>" || *got.Etag != *made.Etag || !got.TimeCreated.Equal(made.TimeCreated.Time) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = c.GetLogAnalyticsLogGroup(ctx, loganalytics.GetLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: ptr("ocid1.none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	list, err := c.ListLogAnalyticsLogGroups(ctx, loganalytics.ListLogAnalyticsLogGroupsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy), Limit: ptr(1),
		SortBy: loganalytics.ListLogAnalyticsLogGroupsSortByDisplayname, SortOrder: loganalytics.ListLogAnalyticsLogGroupsSortOrderDesc})
	if err != nil || len(list.Items) != 1 || *list.Items[0].DisplayName != "Second" || list.OpcNextPage == nil {
		t.Fatalf("%+v, %v", list, err)
	}
	rest, err := c.ListLogAnalyticsLogGroups(ctx, loganalytics.ListLogAnalyticsLogGroupsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy), Limit: ptr(5), Page: list.OpcNextPage,
		SortBy: loganalytics.ListLogAnalyticsLogGroupsSortByDisplayname, SortOrder: loganalytics.ListLogAnalyticsLogGroupsSortOrderDesc})
	if err != nil || len(rest.Items) != 1 || *rest.Items[0].Id != groupID || rest.OpcNextPage != nil {
		t.Errorf("%+v, %v", rest, err)
	}
	_, err = c.ListLogAnalyticsLogGroups(ctx, loganalytics.ListLogAnalyticsLogGroupsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy), Page: list.OpcNextPage})
	refused(t, err, 400, "InvalidParameter")

	_, err = c.UpdateLogAnalyticsLogGroup(ctx, loganalytics.UpdateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: made.Id, IfMatch: made.Etag,
		UpdateLogAnalyticsLogGroupDetails: loganalytics.UpdateLogAnalyticsLogGroupDetails{Description: ptr("new")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.UpdateLogAnalyticsLogGroup(ctx, loganalytics.UpdateLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: made.Id, IfMatch: made.Etag,
		UpdateLogAnalyticsLogGroupDetails: loganalytics.UpdateLogAnalyticsLogGroupDetails{Description: ptr("newer")}})
	refused(t, err, 412, "NoEtagMatch")
	_, err = c.DeleteLogAnalyticsLogGroup(ctx, loganalytics.DeleteLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: made.Id, IfMatch: made.Etag})
	refused(t, err, 412, "NoEtagMatch")
	if _, err := c.DeleteLogAnalyticsLogGroup(ctx, loganalytics.DeleteLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: made.Id}); err != nil {
		t.Error(err)
	}
	_, err = c.DeleteLogAnalyticsLogGroup(ctx, loganalytics.DeleteLogAnalyticsLogGroupRequest{NamespaceName: ptr("demo"), LogAnalyticsLogGroupId: ptr(groupID)})
	refused(t, err, 409, "IncorrectState")
}

func TestSDKContent(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	ns := ptr("demo")
	zip, err := c.ExportCustomContent(ctx, loganalytics.ExportCustomContentRequest{NamespaceName: ns,
		ExportCustomContentDetails: loganalytics.ExportContent{SourceNames: []string{auditLog}}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(zip.Content)
	if err != nil || !bytes.HasPrefix(file, []byte("PK")) {
		t.Fatalf("%d bytes, %v", len(file), err)
	}
	_, err = c.ExportCustomContent(ctx, loganalytics.ExportCustomContentRequest{NamespaceName: ns, ExportCustomContentDetails: loganalytics.ExportContent{ParserNames: []string{"none"}}})
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	in, err := c.ImportCustomContent(ctx, loganalytics.ImportCustomContentRequest{NamespaceName: ns, ImportCustomContentFileBody: io.NopCloser(bytes.NewReader(file)), OpcRetryToken: ptr("i"), IsOverwrite: ptr(true)})
	if err != nil || len(in.SourceNames) != 1 || in.ChangeList == nil {
		t.Errorf("%+v, %v", in, err)
	}
	twice, err := c.ImportCustomContent(ctx, loganalytics.ImportCustomContentRequest{NamespaceName: ns, ImportCustomContentFileBody: io.NopCloser(bytes.NewReader(file)), OpcRetryToken: ptr("i"), IsOverwrite: ptr(true)})
	if err != nil || strings.Join(twice.ChangeList.UpdatedSourceNames, ",") != strings.Join(in.ChangeList.UpdatedSourceNames, ",") {
		t.Errorf("%+v, %v", twice, err)
	}
	_, err = c.ImportCustomContent(ctx, loganalytics.ImportCustomContentRequest{NamespaceName: ns, ImportCustomContentFileBody: io.NopCloser(strings.NewReader("no zip"))})
	refused(t, err, 400, "InvalidParameter")

	sources, err := c.ListSources(ctx, loganalytics.ListSourcesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), SourceDisplayText: ptr("integration audit")})
	if err != nil || len(sources.Items) != 1 || *sources.Items[0].DisplayName != auditLog {
		t.Fatalf("%+v, %v", sources.Items, err)
	}
	// The Go client puts the name into the path as it is, spaces and all.
	one, err := c.GetSource(ctx, loganalytics.GetSourceRequest{NamespaceName: ns, SourceName: ptr(auditLog), CompartmentId: ptr(tenancy)})
	if err != nil || *one.Name != *sources.Items[0].Name || len(one.Parsers) == 0 {
		t.Fatalf("%+v, %v", one, err)
	}
	_, err = c.GetSource(ctx, loganalytics.GetSourceRequest{NamespaceName: ns, SourceName: ptr("a/b#c"), CompartmentId: ptr(tenancy)})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	parser, err := c.GetParser(ctx, loganalytics.GetParserRequest{NamespaceName: ns, ParserName: one.Parsers[0].Name})
	if err != nil || len(parser.FieldMaps) == 0 || parser.Type != loganalytics.LogAnalyticsParserTypeJson {
		t.Errorf("%+v, %v", parser, err)
	}
	_, err = c.GetParser(ctx, loganalytics.GetParserRequest{NamespaceName: ns, ParserName: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	parsers, err := c.ListParsers(ctx, loganalytics.ListParsersRequest{NamespaceName: ns, ParserType: loganalytics.ListParsersParserTypeJson})
	if err != nil || len(parsers.Items) == 0 {
		t.Errorf("%+v, %v", parsers, err)
	}
	_, err = c.ListParsers(ctx, loganalytics.ListParsersRequest{NamespaceName: ns, SortBy: "x"})
	if err == nil {
		t.Error("sorted by x")
	}

	// All fields, page by page, once each.
	seen := map[string]bool{}
	for page := (*string)(nil); ; {
		fields, err := c.ListFields(ctx, loganalytics.ListFieldsRequest{NamespaceName: ns, Limit: ptr(7), Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields.Items {
			if seen[*f.Name] {
				t.Fatalf("field %s twice", *f.Name)
			}
			seen[*f.Name] = true
		}
		if page = fields.OpcNextPage; page == nil {
			break
		}
	}
	if len(seen) != len(g.lib.Fields()) {
		t.Errorf("%d of %d fields", len(seen), len(g.lib.Fields()))
	}
	labels, err := c.ListLabels(ctx, loganalytics.ListLabelsRequest{NamespaceName: ns})
	if err != nil || len(labels.Items) != min(len(g.lib.Labels()), defaultLimit) {
		t.Errorf("%+v, %v", labels, err)
	}
}

func TestSDKNotImplemented(t *testing.T) {
	g := newRig(t)
	c := g.sdk()
	_, err := c.ListCategories(context.Background(), loganalytics.ListCategoriesRequest{NamespaceName: ptr("demo")})
	refused(t, err, 501, "NotImplemented")
	if err != nil && !strings.Contains(err.Error(), "ListCategories") {
		t.Errorf("%v does not name the operation", err)
	}
}
