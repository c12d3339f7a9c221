package api

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"ledgerline/internal/catalog"
	"ledgerline/internal/stage"
)

// A purge takes the bytes of the uploads that it empties, and of no others.
func TestPurgeTakesTheBytesOfWhatItEmpties(t *testing.T) {
	w := newWorld(t, true)
	ctx := t.Context()
	refs := []string{"up-push", "up-" + secretWord, "up-unread"}
	for _, ref := range refs {
		if err := w.stage.Receive(ctx, stage.Upload{Reference: ref, Received: begin}, []byte("bytes of "+ref)); err != nil {
			t.Fatal(err)
		}
		f := catalog.File{Reference: ref, UploadName: ref, LogGroup: groupID, Received: begin, Rows: 30}
		if err := w.cat.FinishFiles(ctx, []catalog.Finished{{File: f}}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() []string {
		kept := map[string]bool{}
		for _, u := range w.received() {
			if u.Erased == nil && string(u.Body) == "bytes of "+u.Reference {
				kept[u.Reference] = true
			} else if u.Erased == nil || len(u.Body) > 0 || u.Erased.Bytes != int64(len("bytes of "+u.Reference)) {
				t.Errorf("%+v", u)
			}
		}
		return slices.Sorted(maps.Keys(kept))
	}
	for _, step := range []struct {
		text, until string
		left        []string
	}{
		{"'User Name' = 'ann@example.com'", "2025-01-01T00:00:00Z", refs}, // of each upload a part
		{"*", "2024-05-01T00:10:00Z", refs},                               // of some an earlier part
		{"'Log Group' = Audit", "2025-01-01T00:00:00Z", refs[1:]},
		{"*", "2025-01-01T00:00:00Z", refs[2:]}, // what has no records was not purged
	} {
		body, err := json.Marshal(map[string]any{"compartmentId": tenancy, "timeDataEnded": step.until, "purgeQueryString": step.text})
		if err != nil {
			t.Fatal(err)
		}
		if code, m := w.admin.call("POST", nsPath+"/storage/actions/purgeData", string(body)); code != 202 {
			t.Fatalf("%s: %d %v", step.text, code, m)
		}
		if err := w.server.RunStorageWork(ctx); err != nil {
			t.Fatal(err)
		}
		if have := left(); !slices.Equal(have, slices.Sorted(slices.Values(step.left))) {
			t.Errorf("after %s until %s: %v is left, want %v", step.text, step.until, have, step.left)
		}
	}
	if _, m := w.admin.call("GET", nsPath+"/storageWorkRequests?compartmentId="+tenancy+"&status=FAILED", ""); len(m["items"].([]any)) > 0 {
		t.Errorf("%v", m)
	}
	if r, err := w.stage.Verify(ctx); err != nil || !r.OK() || r.Erased != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}
