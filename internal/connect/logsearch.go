package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loggingsearch"
)

// LogSearch asks OCI Logging for one page of the records of a window.
type LogSearch struct {
	From, To time.Time // at most 14 days apart
	Query    string    // search "<compartment>/<log group>/<log>" | …
	Limit    int       // records of a page, 1 to 1000
	Page     string    // LogPage.Next of the page before; empty: the first
}

// LogPage is one page of a search.
type LogPage struct {
	Rows  []json.RawMessage // each result's data, verbatim
	Count int               // what the summary says, of the page or of all: services differ; -1 when absent
	Next  string            // empty on the last page
	Date  time.Time         // the service's clock when it answered; zero when it did not say
}

// LongestSearch is how far apart From and To of a LogSearch may be.
const LongestSearch = 14 * 24 * time.Hour

// SearchLogs fetches one page. Everything transient is retried.
func (o *OCI) SearchLogs(ctx context.Context, q LogSearch) (*LogPage, error) {
	const op = "search logs"
	var page *LogPage
	err := o.call(ctx, op, searchHint, func(ctx context.Context) error {
		resp, err := o.search.SearchLogs(ctx, loggingsearch.SearchLogsRequest{
			SearchLogsDetails: loggingsearch.SearchLogsDetails{TimeStart: &common.SDKTime{Time: q.From.UTC()}, TimeEnd: &common.SDKTime{Time: q.To.UTC()}, SearchQuery: &q.Query},
			Limit:             common.Int(q.Limit), Page: optional(q.Page)})
		if err != nil {
			return err
		}
		// The SDK has taken the records apart already; their bytes are in the answer.
		a := ctx.Value(answerKey{}).(*sent).answer
		if page, err = parseLogPage(a.body); err != nil {
			return err
		}
		page.Next = value(resp.OpcNextPage)
		page.Date, _ = http.ParseTime(a.header.Get("Date"))
		return nil
	})
	return page, err
}

func parseLogPage(body []byte) (*LogPage, error) {
	var p struct {
		Summary struct {
			ResultCount *int `json:"resultCount"`
		} `json:"summary"`
		Results []struct {
			Data json.RawMessage `json:"data"`
		} `json:"results"`
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the answer is empty")
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, err
	}
	page := &LogPage{Count: -1, Rows: make([]json.RawMessage, len(p.Results))}
	if p.Summary.ResultCount != nil {
		page.Count = *p.Summary.ResultCount
	} else if p.Results == nil {
		return nil, errors.New("the answer has neither results nor a summary")
	}
	for i, r := range p.Results {
		if len(r.Data) == 0 {
			return nil, fmt.Errorf("result %d has no data", i)
		}
		page.Rows[i] = r.Data
	}
	return page, nil
}

func searchHint(e *Error) {
	switch e.Kind {
	case NotFound, Forbidden:
		e.Hint = "check compartment, log_group and log, and grant: allow group G to read log-content in compartment C; allow group G to read log-groups in compartment C"
	case Refused:
		e.Hint = "the service does not take this search: check compartment, log_group, log and where"
	}
}
