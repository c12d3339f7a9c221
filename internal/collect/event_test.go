package collect

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestReadEvent(t *testing.T) {
	at := time.Date(2024, 5, 1, 9, 15, 31, 611e6, time.UTC)
	const bare = `{"id":"3f0f","source":"SalesOAC","time":"2024-05-01T09:15:31.611Z","type":"com.oraclecloud.analytics.analyticsinstance.audit","data":{}}`
	e, err := readEvent([]byte(bare))
	if err != nil || !e.named || e.kind != "com.oraclecloud.analytics.analyticsinstance.audit" || !e.at.Equal(at) || !e.seen.Equal(at) {
		t.Fatalf("%+v %v", e, err)
	}
	// In the layer of searches it is the same event, sorted by datetime.
	w, err := readEvent([]byte(`{"datetime":1714554931700,"logContent":` + bare + `}`))
	if err != nil || w.id != e.id || w.kind != e.kind || !w.at.Equal(at) || w.seen.UnixMilli() != 1714554931700 {
		t.Errorf("%+v %v", w, err)
	}
	for _, other := range []string{strings.Replace(bare, "3f0f", "3f10", 1), strings.Replace(bare, "SalesOAC", "OtherOAC", 1), strings.Replace(bare, ".audit", ".diagnostic", 1)} {
		if o, err := readEvent([]byte(other)); err != nil || o.id == e.id {
			t.Errorf("another event has the same identity: %s", other)
		}
	}
	if o, err := readEvent([]byte(strings.Replace(bare, "{}", `{"more":1}`, 1))); err != nil || o.id != e.id {
		t.Error("source, id and type name an event, not what else it says")
	}
	for text, want := range map[string]error{"": errNotJSON, "{": errNotJSON, `{"id":1}x`: errNotJSON, "[]": errNotObject, `"a"`: errNotObject, "null": errNotObject} {
		if _, err := readEvent([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q is %v, want %v", text, err, want)
		}
	}
}

// What can be read as an event can be staged, and has the same identity in both layers.
func FuzzReadEvent(f *testing.F) {
	f.Add([]byte(`{"id":"a","source":"s","type":"t","time":"2024-05-01T09:15:31.611Z"}`))
	f.Add([]byte(`{"datetime":1714554931611,"logContent":{"id":1,"type":null}}`))
	f.Add([]byte(`{"a":"` + "\xff" + `"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := readEvent(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("the stage does not take %q", raw)
		}
		wrapped := append(append([]byte(`{"datetime":1714554931611,"logContent":`), raw...), '}')
		w, err := readEvent(wrapped)
		if err != nil {
			return // nested too deep by one
		}
		// Unless it is in that layer already.
		var outer struct {
			LogContent json.RawMessage `json:"logContent"`
		}
		if json.Unmarshal(raw, &outer) == nil && outer.LogContent == nil && e.named && w.id != e.id {
			t.Errorf("%q has another identity when it is wrapped", raw)
		}
	})
}
