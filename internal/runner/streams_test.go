package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/collect"
	"ledgerline/internal/deliver"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// mixed stages one record under each of its streams.
type mixed struct {
	ledger  *stage.Stage
	streams []string
}

func (m *mixed) Collect(ctx context.Context) (collect.Outcome, error) {
	for i, stream := range m.streams {
		item := record.Counted{Item: record.Item{ID: record.Identify(stream), Raw: fmt.Appendf(nil, "%d", i)}, Count: 1}
		if _, err := m.ledger.Add(ctx, stream, []record.Counted{item}); err != nil {
			return collect.Outcome{}, err
		}
	}
	return collect.Outcome{Received: len(m.streams), Staged: len(m.streams), Unmatched: 1}, nil
}

// keeper remembers which files it took.
type keeper struct {
	sink
	took []string
}

func (k *keeper) Deliver(_ context.Context, f stage.File) (deliver.Receipt, error) {
	k.took = append(k.took, f.Integration)
	return deliver.Receipt{Records: 1}, nil
}

// Each stream is sealed by itself and goes to its own sinks; what no sink takes
// waits, with a note, until one does.
func TestStreamsAreSealedAndDeliveredApart(t *testing.T) {
	ledger, err := stage.Open(t.TempDir(), stage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	audit, diagnostic, rest := &keeper{sink: sink{name: "audit"}}, &keeper{sink: sink{name: "diagnostic"}}, &keeper{sink: sink{name: "rest"}}
	line := Integration{Name: "logs", Every: time.Hour, Collector: &mixed{ledger, []string{"logs", "logs.audit", "logs.diagnostic"}}, Streams: []Stream{
		{Name: "logs"}, {Name: "logs.audit", Sinks: []deliver.Sink{audit}}, {Name: "logs.diagnostic", Sinks: []deliver.Sink{diagnostic}}}}
	run, err := New(ledger, []Integration{line}, Options{}).Run(t.Context(), "logs", Once)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(audit.took, []string{"logs.audit"}) || !slices.Equal(diagnostic.took, []string{"logs.diagnostic"}) {
		t.Errorf("the sinks took %v and %v", audit.took, diagnostic.took)
	}
	if s := run.Steps[0]; s.Counts["unmatched"] != 1 || !strings.Contains(s.Note, "no upload takes") {
		t.Errorf("the fetch says %+v", s)
	}
	if s := run.Steps[1]; s.Counts["files"] != 3 || s.Counts["records"] != 3 {
		t.Errorf("three files of one record each, got %v", s.Counts)
	}
	line.Streams[0].Sinks = []deliver.Sink{rest}
	if _, err := New(ledger, []Integration{line}, Options{}).Run(t.Context(), "logs", Once); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rest.took, []string{"logs"}) || len(audit.took) != 1 {
		t.Errorf("what waited goes to the new sink alone: %v, %v", rest.took, audit.took)
	}
}
