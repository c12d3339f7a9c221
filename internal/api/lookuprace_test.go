package api

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// together runs n calls at once and reports what they failed with.
func together(t *testing.T, n int, call func(i int) error) {
	t.Helper()
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			if err := call(i); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	close(start)
	wait.Wait()
}

// Changes of one lookup that come at once, without if-match, are all there afterwards.
func TestChangesOfALookupAtOnce(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	const n = 24
	columns := make([]string, n)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%02d", i)
	}
	head := strings.Join(columns, ",") + "\n"
	if _, err := c.RegisterLookup(ctx, loganalytics.RegisterLookupRequest{NamespaceName: ptr("demo"), Type: loganalytics.RegisterLookupTypeLookup, Name: ptr("wide"),
		RegisterLookupContentFileBody: body(head)}); err != nil {
		t.Fatal(err)
	}
	together(t, 3*n, func(i int) error {
		switch i % 3 {
		case 0:
			_, err := c.UpdateLookup(ctx, loganalytics.UpdateLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("wide"),
				UpdateLookupMetadataDetails: loganalytics.UpdateLookupMetadataDetails{
					Fields: []loganalytics.LogAnalyticsLookupFields{{Name: &columns[i/3], DefaultMatchValue: ptr(fmt.Sprint("default ", i/3))}}}})
			return err
		case 1:
			_, err := c.AppendLookupData(ctx, loganalytics.AppendLookupDataRequest{NamespaceName: ptr("demo"), LookupName: ptr("wide"),
				AppendLookupFileBody: body(fmt.Sprint("row ", i/3) + strings.Repeat(",", n-1) + "\n")})
			return err
		}
		_, err := c.UpdateLookup(ctx, loganalytics.UpdateLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("wide"),
			UpdateLookupMetadataDetails: loganalytics.UpdateLookupMetadataDetails{Description: ptr(fmt.Sprint("text ", i))}})
		return err
	})
	l, table, err := g.cat.LookupTable(ctx, "wide")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, r := range table.Rows {
		rows[r[0]] = true
	}
	for i, name := range columns {
		if want := fmt.Sprint("default ", i); l.Matching.Defaults[name] != want {
			t.Errorf("column %s: default %q, want %q", name, l.Matching.Defaults[name], want)
		}
		if !rows[fmt.Sprint("row ", i)] {
			t.Errorf("row %d is lost", i)
		}
	}
	if len(table.Rows) != n || l.Rows != n || l.Revision != 1+3*n {
		t.Errorf("%d rows, %d counted, revision %d", len(table.Rows), l.Rows, l.Revision)
	}
}

// Rows that are appended while another call changes the columns are read for the
// columns that count when they are stored, or refused as such; never as an etag that
// nobody named.
func TestAppendWhileColumnsChange(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	if _, err := c.RegisterLookup(ctx, loganalytics.RegisterLookupRequest{NamespaceName: ptr("demo"), Type: loganalytics.RegisterLookupTypeLookup, Name: ptr("pair"),
		RegisterLookupContentFileBody: body("a,b\n")}); err != nil {
		t.Fatal(err)
	}
	together(t, 48, func(i int) error {
		if i%2 == 0 {
			_, err := c.UpdateLookupData(ctx, loganalytics.UpdateLookupDataRequest{NamespaceName: ptr("demo"), LookupName: ptr("pair"), IsForce: ptr(true),
				UpdateLookupFileBody: body(fmt.Sprintf("a,b%d\n", i))})
			return err
		}
		_, err := c.AppendLookupData(ctx, loganalytics.AppendLookupDataRequest{NamespaceName: ptr("demo"), LookupName: ptr("pair"), AppendLookupFileBody: body("1,2\n")})
		return err
	})
}
