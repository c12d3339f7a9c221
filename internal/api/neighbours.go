package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// Oracle's clients ask its other services who and where they are before they
// speak to Log Analytics. What is answered here is true of this server: one
// tenancy, no compartments below it, no buckets, no metrics. Their other calls are
// answered as not implemented.

// homeRegion stands for the place this server runs at; Oracle has none of the name.
const (
	homeRegion    = "local-1"
	homeRegionKey = "LCL"
)

const (
	identityBase   = "/20160918"
	monitoringBase = "/20180401"
	objectBase     = "/n"
)

// neighbourOperations belong to Object Storage, Identity and Monitoring.
func neighbourOperations() []operation {
	const (
		get, head, post = http.MethodGet, http.MethodHead, http.MethodPost
		bucket          = objectBase + "/{namespaceName}/b"
	)
	return []operation{
		{Method: get, Pattern: objectBase, Name: "GetObjectStorageNamespace", handle: (*Server).objectNamespace},
		{Method: get, Pattern: objectBase + "/", Name: "GetObjectStorageNamespace", handle: (*Server).objectNamespace},
		{Method: get, Pattern: objectBase + "/{namespaceName}", Name: "GetNamespaceMetadata", handle: (*Server).objectNamespaceMetadata},
		{Method: get, Pattern: bucket, Name: "ListBuckets", handle: (*Server).listBuckets},
		{Method: get, Pattern: bucket + "/{bucketName}", Name: "GetBucket", handle: (*Server).noBucket},
		{Method: head, Pattern: bucket + "/{bucketName}", Name: "HeadBucket", handle: (*Server).noBucket},

		{Method: get, Pattern: identityBase + "/regions", Name: "ListRegions", handle: (*Server).listRegions},
		{Method: get, Pattern: identityBase + "/tenancies/{tenancyId}", Name: "GetTenancy", handle: (*Server).getTenancy},
		{Method: get, Pattern: identityBase + "/tenancies/{tenancyId}/regionSubscriptions", Name: "ListRegionSubscriptions", handle: (*Server).listRegionSubscriptions},
		{Method: get, Pattern: identityBase + "/compartments", Name: "ListCompartments", handle: (*Server).listCompartments},
		{Method: get, Pattern: identityBase + "/compartments/{compartmentId}", Name: "GetCompartment", handle: (*Server).getCompartment},
		{Method: get, Pattern: identityBase + "/users/{userId}", Name: "GetUser", handle: (*Server).getUser},

		{Method: post, Pattern: monitoringBase + "/metrics/actions/listMetrics", Name: "ListMetrics", handle: (*Server).noMetrics},
		{Method: post, Pattern: monitoringBase + "/metrics/actions/summarizeMetricsData", Name: "SummarizeMetricsData", handle: (*Server).noMetrics},
	}
}

func (s *Server) objectNamespace(*call) (*response, error) { return answer(s.opts.Namespace), nil }

func (s *Server) objectNamespaceMetadata(*call) (*response, error) {
	return answer(map[string]string{"namespace": s.opts.Namespace, "defaultS3CompartmentId": s.opts.Tenancy, "defaultSwiftCompartmentId": s.opts.Tenancy}), nil
}

func (s *Server) listBuckets(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	return answer([]struct{}{}), nil
}

func (s *Server) noBucket(c *call) (*response, error) {
	return nil, &Error{Status: http.StatusNotFound, Code: "BucketNotFound", Message: "this server keeps no buckets; an object_storage sink archives to Oracle's"}
}

type regionModel struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

func (s *Server) listRegions(*call) (*response, error) {
	return answer([]regionModel{{homeRegionKey, homeRegion}}), nil
}

// isTenancy refuses the id of any tenancy but ours.
func (s *Server) isTenancy(id string) error {
	if id != s.opts.Tenancy {
		return absent("tenancy %.200q is not found or not yours", id)
	}
	return nil
}

func (s *Server) getTenancy(c *call) (*response, error) {
	if err := s.isTenancy(c.path["tenancyId"]); err != nil {
		return nil, err
	}
	return answer(map[string]any{"id": s.opts.Tenancy, "name": s.opts.Namespace, "description": "Ledgerline", "homeRegionKey": homeRegionKey,
		"freeformTags": map[string]any{}, "definedTags": map[string]any{}}), nil
}

func (s *Server) listRegionSubscriptions(c *call) (*response, error) {
	if err := s.isTenancy(c.path["tenancyId"]); err != nil {
		return nil, err
	}
	return answer([]map[string]any{{"regionKey": homeRegionKey, "regionName": homeRegion, "status": "READY", "isHomeRegion": true}}), nil
}

// listCompartments answers what lies below the tenancy: nothing.
func (s *Server) listCompartments(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	return answer([]struct{}{}), nil
}

// getCompartment knows the root compartment, which is the tenancy.
func (s *Server) getCompartment(c *call) (*response, error) {
	if err := s.isTenancy(c.path["compartmentId"]); err != nil {
		return nil, err
	}
	return answer(map[string]any{"id": s.opts.Tenancy, "compartmentId": s.opts.Tenancy, "name": s.opts.Namespace, "description": "the root compartment",
		"timeCreated": stamp(s.started), "lifecycleState": "ACTIVE", "isAccessible": true, "freeformTags": map[string]any{}, "definedTags": map[string]any{}}), nil
}

// getUser tells callers about themselves, administrators about all.
func (s *Server) getUser(c *call) (*response, error) {
	id := c.path["userId"]
	u, err := s.Catalog.User(id)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return nil, err
	}
	if err != nil || !strings.HasPrefix(id, "ocid1.") || u.ID != c.user && !c.who.rights.Administrator() {
		return nil, absent("user %.200q is not found or not yours to see", id)
	}
	state, created := "ACTIVE", u.Created
	if u.Disabled {
		state = "INACTIVE"
	}
	if created.IsZero() { // a user of the configuration
		created = s.started
	}
	return answer(map[string]any{"id": u.ID, "compartmentId": s.opts.Tenancy, "name": u.Name, "description": u.Description,
		"timeCreated": created.UTC().Truncate(time.Millisecond), "lifecycleState": state, "isMfaActivated": false}).with("etag", u.Etag), nil
}

// noMetrics answers lists of metrics: there are none.
func (s *Server) noMetrics(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	return answer([]struct{}{}), nil
}
