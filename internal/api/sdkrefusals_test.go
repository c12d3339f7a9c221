package api

import (
	"context"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// The main refusals of operations whose answers other tests look at.
func TestSDKRefusals(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns, none := g.sdk(), ptr("demo"), ptr("none")

	_, err := c.ListUploads(ctx, la.ListUploadsRequest{NamespaceName: ptr("another")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.ListUploadFiles(ctx, la.ListUploadFilesRequest{NamespaceName: ns, UploadReference: none})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.ListUploadWarnings(ctx, la.ListUploadWarningsRequest{NamespaceName: ns, UploadReference: none})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.UploadLogFile(ctx, la.UploadLogFileRequest{NamespaceName: ns, UploadName: ptr("u"), LogSourceName: ptr("No Such Source"), Filename: ptr("f"),
		OpcMetaLoggrpid: ptr(groupID), UploadLogFileBody: body("x\n")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	_, err = c.GetField(ctx, la.GetFieldRequest{NamespaceName: ns, FieldName: none})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{}})
	refused(t, err, 400, "MissingParameter")
	_, err = c.ValidateSource(ctx, la.ValidateSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{}})
	refused(t, err, 400, "MissingParameter")

	bad := ptr("not-a-token")
	_, err = c.ListSources(ctx, la.ListSourcesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Page: bad})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ListParsers(ctx, la.ListParsersRequest{NamespaceName: ns, Page: bad})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ListLookups(ctx, la.ListLookupsRequest{NamespaceName: ns, Type: la.ListLookupsTypeLookup, Page: bad})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ListLogAnalyticsEntities(ctx, la.ListLogAnalyticsEntitiesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Page: bad})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ListLogAnalyticsEntityTypes(ctx, la.ListLogAnalyticsEntityTypesRequest{NamespaceName: ns, Page: bad})
	refused(t, err, 400, "InvalidParameter")

	_, err = c.ListQueryWorkRequests(ctx, la.ListQueryWorkRequestsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Page: bad})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.CancelQueryWorkRequest(ctx, la.CancelQueryWorkRequestRequest{NamespaceName: ns, WorkRequestId: none})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.GetQueryResult(ctx, la.GetQueryResultRequest{NamespaceName: ns, WorkRequestId: none})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.Suggest(ctx, la.SuggestRequest{NamespaceName: ns, SuggestDetails: la.SuggestDetails{QueryString: ptr("*"), SubSystem: "LOG"}})
	refused(t, err, 400, "MissingParameter")
	_, err = c.Filter(ctx, la.FilterRequest{NamespaceName: ns, FilterDetails: la.FilterDetails{QueryString: ptr("* |"), SubSystem: "LOG"}})
	refused(t, err, 400, "InvalidParameter")

	// Whoever is not let in learns nothing, not even which namespaces there are.
	g.finger = strings.Repeat("00:", 15) + "00" // of a key that nobody registered
	c = g.sdk()
	_, err = c.ListNamespaces(ctx, la.ListNamespacesRequest{CompartmentId: ptr(tenancy)})
	refused(t, err, 401, "NotAuthenticated")
}
