package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/query"
)

// exportQueryDetails is the body of ExportQueryResult.
type exportQueryDetails struct {
	queryDetails
	OutputFormat string `json:"outputFormat"`
}

// exportQueryResult streams all rows of a query.
func (s *Server) exportQueryResult(c *call) (*response, error) {
	var d exportQueryDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	r, err := s.queryRequest(d.queryDetails, s.limits.QueryTime)
	if err != nil {
		return nil, err
	}
	e := export{server: s, request: r, most: -1}
	if n := d.MaxTotalCount; n != nil && *n > 0 {
		e.most = *n
	}
	switch d.OutputFormat {
	case "", "CSV":
		return e.response(c, "text/csv; charset=utf-8", e.csv), nil
	case "JSON":
		columns := d.ShouldIncludeColumns == nil || *d.ShouldIncludeColumns
		return e.response(c, "application/json", func(w io.Writer) sink { return e.aggregation(w, columns) }), nil
	case "PARQUET":
		return e.response(c, parquetKind, e.parquet), nil
	}
	return nil, invalid("outputFormat must be CSV, JSON or PARQUET")
}

// ownExport streams all rows of a query, as CSV, as an array of objects or as Parquet.
func (s *Server) ownExport(c *call) (*response, error) {
	r, d, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	e := export{server: s, request: r, most: -1}
	if d.Limit > 0 {
		e.most = d.Limit
	}
	switch d.Format {
	case "", "csv":
		return e.response(c, "text/csv; charset=utf-8", e.csv), nil
	case "json":
		return e.response(c, "application/json", e.objects), nil
	case "parquet":
		return e.response(c, parquetKind, e.parquet), nil
	}
	return nil, invalid("format must be csv, json or parquet")
}

const parquetKind = "application/vnd.apache.parquet"

// export is one query whose rows are sent as they come. The timeout of its request is
// the longest wait for the first of them.
type export struct {
	server  *Server
	request query.Request
	most    int // rows; -1 for all
}

// sink writes rows in a format.
type sink struct {
	header func([]query.Column) error
	row    func([]any) error
	end    func() error
}

func (e export) response(c *call, kind string, format func(io.Writer) sink) *response {
	return &response{kind: kind, stream: func(w io.Writer) error { return e.run(c.r.Context(), format(w)) }}
}

// run asks the engine. The first row must come in time; after that the client
// decides how long it takes, up to ExportTime.
func (e export) run(ctx context.Context, out sink) error {
	ctx, stop := context.WithTimeout(ctx, e.server.limits.ExportTime)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, first := e.request, e.request.Timeout
	request.Timeout = 0
	late := fmt.Errorf("%w: the first row of an export must come within %v; ask for a shorter time range", query.ErrDeadline, first)
	timer := time.AfterFunc(first, func() { cancel(late) })
	defer timer.Stop()
	rows, enough := 0, errors.New("enough rows")
	err := e.server.Query.Export(ctx, request, out.header, func(row []any) error {
		timer.Stop()
		if rows == e.most {
			return enough
		}
		rows++
		return out.row(row)
	})
	switch {
	case errors.Is(err, enough):
		err = nil
	case err != nil && errors.Is(context.Cause(ctx), late):
		return late
	}
	if err != nil {
		return err
	}
	return out.end()
}

// parquet writes an Apache Parquet file, tables in it as JSON.
func (e export) parquet(w io.Writer) sink {
	p := query.NewParquet(w, e.text)
	return sink{header: p.Header, row: p.Row, end: p.Close}
}

// csv writes RFC 4180 lines under the names of the columns. Times are RFC 3339
// in the zone of the request.
func (e export) csv(w io.Writer) sink {
	lines := query.NewCSV(w)
	var shown []int
	var line []string
	return sink{
		header: func(columns []query.Column) error {
			for i, c := range columns {
				if !c.Hidden {
					shown, line = append(shown, i), append(line, c.Name)
				}
			}
			return lines.Write(line)
		},
		row: func(row []any) error {
			for i, at := range shown {
				text, err := e.text(row[at])
				if err != nil {
					return err
				}
				line[i] = text
			}
			return lines.Write(line)
		},
		end: func() error { lines.Flush(); return lines.Error() },
	}
}

// aggregation writes the members of QueryAggregation that are known while rows
// are streamed: columns, when they are asked for, and items.
func (e export) aggregation(w io.Writer, withColumns bool) sink {
	return jsonRows(w, func(columns []query.Column) (string, error) {
		if !withColumns {
			return `{"items":[`, nil
		}
		text, err := marshal(mapped(columns, columnOf))
		return `{"columns":` + string(text) + `,"items":[`, err
	}, "]}\n", func(columns []query.Column, row []any) any { return rowMaps(columns, [][]any{row})[0] })
}

// objects writes an array of objects, times as in csv.
func (e export) objects(w io.Writer) sink {
	return jsonRows(w, func([]query.Column) (string, error) { return "[", nil }, "]\n", func(columns []query.Column, row []any) any {
		m := rowMaps(columns, [][]any{row})[0]
		for i, c := range columns {
			switch v, isTime := row[i].(time.Time); {
			case c.Hidden:
				delete(m, c.Name)
			case isTime:
				m[c.Name] = e.time(v)
			}
		}
		return m
	})
}

func jsonRows(w io.Writer, head func([]query.Column) (string, error), tail string, object func([]query.Column, []any) any) sink {
	var columns []query.Column
	separator := "\n"
	return sink{
		header: func(list []query.Column) error {
			columns = list
			text, err := head(list)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			return err
		},
		row: func(row []any) error {
			text, err := marshal(object(columns, row))
			if err != nil {
				return err
			}
			if _, err := io.WriteString(w, separator); err != nil {
				return err
			}
			separator = ",\n"
			_, err = w.Write(text)
			return err
		},
		end: func() error { _, err := io.WriteString(w, tail); return err },
	}
}

// marshal leaves <, > and & as they are: nobody puts an export into HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func (e export) time(t time.Time) string {
	zone := e.request.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
}

// text shows one value; a list with commas between, a table as JSON.
func (e export) text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return e.time(v), nil
	case []any:
		parts := make([]string, len(v))
		for i, member := range v {
			text, err := e.text(member)
			if err != nil {
				return "", err
			}
			parts[i] = text
		}
		return strings.Join(parts, ", "), nil
	}
	out, ok := cell(v)
	if !ok {
		return "", nil
	}
	text, err := marshal(out)
	return string(text), err
}
