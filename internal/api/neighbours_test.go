package api

import (
	"context"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"github.com/oracle/oci-go-sdk/v65/monitoring"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"
)

// The calls that Oracle's tools make when they start, by their own clients.
func TestSDKNeighbours(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	o, err := objectstorage.NewObjectStorageClientWithConfigurationProvider(g.provider())
	must(err)
	never := common.NoRetryPolicy()
	o.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	o.Host = g.web.URL
	ns, err := o.GetNamespace(ctx, objectstorage.GetNamespaceRequest{})
	if err != nil || *ns.Value != "demo" {
		t.Errorf("%v, %v", ns.Value, err)
	}
	meta, err := o.GetNamespaceMetadata(ctx, objectstorage.GetNamespaceMetadataRequest{NamespaceName: ptr("demo")})
	if err != nil || *meta.DefaultS3CompartmentId != tenancy {
		t.Errorf("%+v, %v", meta, err)
	}
	buckets, err := o.ListBuckets(ctx, objectstorage.ListBucketsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy)})
	if err != nil || len(buckets.Items) != 0 {
		t.Errorf("%+v, %v", buckets.Items, err)
	}
	// The client's own id comes back beside the server's, and both are logged; what
	// could forge a log line or a header does not.
	for id, want := range map[string]string{"client-7": "client-7", "client 7": "", strings.Repeat("x", 200): ""} {
		got, err := o.ListBuckets(ctx, objectstorage.ListBucketsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy), OpcClientRequestId: ptr(id)})
		must(err)
		if have := got.RawResponse.Header.Get("opc-client-request-id"); have != want || got.OpcRequestId == nil {
			t.Errorf("%.20q came back as %q", id, have)
		}
		if want != "" && !strings.Contains(g.log.String(), "opc_client_request_id="+want) {
			t.Errorf("%q is not logged", id)
		}
	}
	_, err = o.GetBucket(ctx, objectstorage.GetBucketRequest{NamespaceName: ptr("demo"), BucketName: ptr("archive")})
	refused(t, err, 404, "BucketNotFound")
	_, err = o.DeleteObject(ctx, objectstorage.DeleteObjectRequest{NamespaceName: ptr("demo"), BucketName: ptr("b"), ObjectName: ptr("a/b c")})
	refused(t, err, 501, "NotImplemented")

	i, err := identity.NewIdentityClientWithConfigurationProvider(g.provider())
	must(err)
	i.Host = g.web.URL
	ten, err := i.GetTenancy(ctx, identity.GetTenancyRequest{TenancyId: ptr(tenancy)})
	if err != nil || *ten.Id != tenancy || *ten.Name != "demo" {
		t.Errorf("%+v, %v", ten.Tenancy, err)
	}
	_, err = i.GetTenancy(ctx, identity.GetTenancyRequest{TenancyId: ptr("ocid1.tenancy.oc1..other")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	regions, err := i.ListRegionSubscriptions(ctx, identity.ListRegionSubscriptionsRequest{TenancyId: ptr(tenancy)})
	if err != nil || len(regions.Items) != 1 || !*regions.Items[0].IsHomeRegion {
		t.Errorf("%+v, %v", regions.Items, err)
	}
	if all, err := i.ListRegions(ctx); err != nil || len(all.Items) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	below, err := i.ListCompartments(ctx, identity.ListCompartmentsRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(below.Items) != 0 {
		t.Errorf("%+v, %v", below.Items, err)
	}
	root, err := i.GetCompartment(ctx, identity.GetCompartmentRequest{CompartmentId: ptr(tenancy)})
	if err != nil || root.LifecycleState != identity.CompartmentLifecycleStateActive {
		t.Errorf("%+v, %v", root, err)
	}
	me, err := i.GetUser(ctx, identity.GetUserRequest{UserId: ptr(userID)})
	if err != nil || *me.Id != userID || me.TimeCreated == nil {
		t.Errorf("%+v, %v", me.User, err)
	}
	_, err = i.GetUser(ctx, identity.GetUserRequest{UserId: ptr("ocid1.user.oc1..nobody")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	m, err := monitoring.NewMonitoringClientWithConfigurationProvider(g.provider())
	must(err)
	m.Host = g.web.URL
	list, err := m.ListMetrics(ctx, monitoring.ListMetricsRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%+v, %v", list.Items, err)
	}
	_, err = m.PostMetricData(ctx, monitoring.PostMetricDataRequest{PostMetricDataDetails: monitoring.PostMetricDataDetails{MetricData: []monitoring.MetricDataDetails{}}})
	refused(t, err, 501, "NotImplemented")
}
