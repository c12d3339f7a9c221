package api

import (
	"context"
	"fmt"
	"testing"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// Present of the fake answers a field for each log group it was let into, and
// what it was asked as one more.
func (e *fakeEngine) Present(_ context.Context, r query.Request) ([]record.Field, error) {
	if r.Scope.Groups == nil {
		return []record.Field{{Name: "usrname", Display: "User Name", Type: record.String}, {Name: "asked", Display: r.Text, Type: record.Long, MultiValued: true}}, nil
	}
	return mapped(r.Scope.Groups, func(id string) record.Field { return record.Field{Name: id, Display: id, Type: record.String} }), nil
}

func TestFieldsOfAQuery(t *testing.T) {
	g := newRig(t)
	code, m := g.local("POST", "/ledgerline/v1/fields", `{"query":"'Log Source' = x","last":"24h"}`)
	want := "[map[internal:usrname name:User Name type:STRING] map[internal:asked list:true name:'Log Source' = x type:LONG]]"
	if code != 200 || fmt.Sprint(m["items"]) != want {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/fields", `{"last":"24h"}`); code != 400 {
		t.Errorf("without a query: %d", code)
	}
	// A caller without any right is let into no log group.
	found, err := g.server.Query.Present(t.Context(), query.Request{})
	if err != nil || len(found) != 0 {
		t.Errorf("on nobody's behalf: %v, %v", found, err)
	}
}
