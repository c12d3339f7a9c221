package api

import (
	"context"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// The totals of a query over the thirty records of a realRig.
func TestSDKQueryTotals(t *testing.T) {
	g := realRig(t)
	r, err := g.sdk().Query(context.Background(), queryRequest("'Resource Operations' = DELETE | stats count as n by 'User Name'", window,
		func(r *loganalytics.QueryRequest) { r.ShouldIncludeTotalCount, r.Limit = ptr(true), ptr(1) }))
	if err != nil {
		t.Fatal(err)
	}
	// Six of thirty are deletions, two of each user; one row is on this page.
	if len(r.Items) != 1 || *r.TotalCount != 3 || *r.TotalGroupCount != 3 || r.TotalMatchedCount == nil || *r.TotalMatchedCount != 6 || r.Items[0]["n"] != 2.0 || *r.PercentComplete != 100 {
		t.Errorf("%+v", r.QueryAggregation)
	}
}

func TestSDKTablesBesideTheRows(t *testing.T) {
	g := realRig(t)
	r, err := g.sdk().Query(context.Background(), queryRequest("* | link 'User Name' | createtable name = 'Who' select 'User Name' as Person, Count", window))
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range r.Columns {
		if c, ok := column.(loganalytics.TableColumn); ok {
			if *c.DisplayName != "Who" || len(c.Columns) != 2 || len(c.Result) != 3 || c.Result[0]["Count"] != 10.0 {
				t.Errorf("%+v", c)
			}
			return
		}
	}
	t.Errorf("no table among %d columns", len(r.Columns))
}
