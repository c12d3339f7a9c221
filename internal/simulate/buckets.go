package simulate

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"
)

// serveBuckets creates a bucket or lists them; the list is a bare array.
func (s *Simulator) serveBuckets(w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method {
	case http.MethodGet:
		s.objects.mu.RLock()
		names := slices.Sorted(maps.Keys(s.objects.buckets))
		s.objects.mu.RUnlock()
		out := make([]map[string]any, 0, len(names))
		for _, name := range names {
			out = append(out, s.describeBucket(name))
		}
		s.sendJSON(w, r, http.StatusOK, out)
	case http.MethodPost:
		var details struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(body, &details); err != nil {
			s.ociError(w, r, http.StatusBadRequest, "CannotParseRequest", "the body is not JSON")
			return
		}
		switch err := s.objects.create(details.Name); {
		case errors.Is(err, errExists):
			s.ociError(w, r, http.StatusConflict, "BucketAlreadyExists", "the bucket exists already")
		case errors.Is(err, errBadName):
			s.ociError(w, r, http.StatusBadRequest, "InvalidBucketName", "the bucket name is not valid")
		case err != nil:
			s.storeError(w, r, err)
		default:
			w.Header().Set("Location", "/n/"+s.opts.Namespace+"/b/"+details.Name)
			s.sendBucket(w, r, details.Name)
		}
	default:
		s.ociError(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", "the method is not allowed here")
	}
}

func (s *Simulator) serveBucket(w http.ResponseWriter, r *http.Request, name string) {
	if !s.objects.has(name) {
		s.storeError(w, r, errNoBucket)
		return
	}
	switch r.Method {
	case http.MethodHead:
		w.Header().Set("Etag", name)
		w.WriteHeader(http.StatusOK)
	case http.MethodGet:
		s.sendBucket(w, r, name)
	default:
		s.ociError(w, r, http.StatusNotImplemented, "MethodNotImplemented", "the simulator does not offer this operation")
	}
}

func (s *Simulator) sendBucket(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Etag", name)
	s.sendJSON(w, r, http.StatusOK, s.describeBucket(name))
}

func (s *Simulator) describeBucket(name string) map[string]any {
	return map[string]any{"namespace": s.opts.Namespace, "name": name, "compartmentId": "ocid1.compartment.oc1..simulated",
		"createdBy": "ocid1.user.oc1..simulated", "timeCreated": time.Unix(0, 0).UTC().Format(time.RFC3339), "etag": name}
}
