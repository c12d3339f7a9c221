package api

import (
	"fmt"
	"strings"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// aggregationModel is Oracle's QueryAggregation.
type aggregationModel struct {
	PercentComplete        int              `json:"percentComplete"`
	TotalCount             *int64           `json:"totalCount,omitempty"`
	TotalMatchedCount      *int64           `json:"totalMatchedCount,omitempty"`
	TotalGroupCount        *int64           `json:"totalGroupCount,omitempty"`
	TimeFilter             timeRangeModel   `json:"timeFilter"`
	ArePartialResults      bool             `json:"arePartialResults"`
	PartialResultReason    string           `json:"partialResultReason,omitempty"`
	IsContentHidden        bool             `json:"isContentHidden"`
	Columns                []columnModel    `json:"columns,omitempty"`
	Fields                 []columnModel    `json:"fields,omitempty"`
	Items                  []map[string]any `json:"items"`
	QueryExecutionTimeInMs int64            `json:"queryExecutionTimeInMs"`
	Hints                  []string         `json:"hints,omitempty"` // not Oracle's
}

type timeRangeModel struct {
	TimeStart time.Time `json:"timeStart"`
	TimeEnd   time.Time `json:"timeEnd"`
	TimeZone  string    `json:"timeZone"`
}

func timeRange(w record.Window, zone *time.Location) timeRangeModel {
	return timeRangeModel{TimeStart: w.From.UTC(), TimeEnd: w.To.UTC(), TimeZone: zone.String()}
}

// columnModel is Oracle's AbstractColumn with the members of those subtypes that
// this server makes; Type is the discriminator.
type columnModel struct {
	Type                string `json:"type"`
	SubSystem           string `json:"subSystem"`
	DisplayName         string `json:"displayName"`
	OriginalDisplayName string `json:"originalDisplayName"`
	InternalName        string `json:"internalName"`
	ValueType           string `json:"valueType,omitempty"`
	IsListOfValues      bool   `json:"isListOfValues"`
	IsMultiValued       bool   `json:"isMultiValued"`
	IsCaseSensitive     bool   `json:"isCaseSensitive"`
	IsGroupable         bool   `json:"isGroupable"`
	IsEvaluable         bool   `json:"isEvaluable"`
	IsHidden            bool   `json:"isHidden"`
	UnitType            string `json:"unitType,omitempty"` // not Oracle's

	IntervalGap string        `json:"intervalGap,omitempty"` // TIME_STATS_COLUMN
	Intervals   []int64       `json:"intervals,omitempty"`
	Series      []columnModel `json:"series,omitempty"`

	Columns     []columnModel    `json:"columns,omitempty"` // TIME_STATS_DATA_COLUMN, TABLE_COLUMN
	Result      []map[string]any `json:"result,omitempty"`
	ResultCount *int             `json:"resultCount,omitempty"`
	TotalCount  *int             `json:"totalCount,omitempty"`
}

// aggregation makes the answer to a query, with the rows of one page.
func aggregation(r *query.Result, page [][]any, zone *time.Location) aggregationModel {
	m := aggregationModel{
		PercentComplete: 100, TotalMatchedCount: counted(r.Matched), TotalGroupCount: counted(r.Groups),
		TimeFilter:        timeRange(r.Window, zone),
		ArePartialResults: r.Partial != "", PartialResultReason: r.Partial,
		Columns: mapped(r.Columns, columnOf), Items: rowMaps(r.Columns, page), QueryExecutionTimeInMs: r.Elapsed.Milliseconds(),
		Hints: r.Hints,
	}
	total := int64(len(r.Rows)) // Oracle's counts the rows retrieved, up to the cap
	m.TotalCount = &total
	if r.Series != nil {
		m.Columns = append(m.Columns, timeStats(seriesName(r.Series), r.Series))
	}
	for _, chart := range r.Charts {
		m.Columns = append(m.Columns, timeStats(chart.Name, chart.Series))
	}
	for _, t := range r.Tables {
		m.Columns = append(m.Columns, columnModel{Type: "TABLE_COLUMN", SubSystem: "LOG", DisplayName: t.Name, OriginalDisplayName: t.Name,
			InternalName: t.Name, ValueType: "TABLE", Columns: mapped(t.Columns, columnOf), Result: rowMaps(t.Columns, t.Rows)})
	}
	return m
}

// counted leaves out what was not counted.
func counted(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

func columnOf(c query.Column) columnModel {
	m := columnModel{Type: "COLUMN", SubSystem: "LOG", DisplayName: c.Name, OriginalDisplayName: c.Original, InternalName: c.Internal,
		IsListOfValues: c.List, IsMultiValued: c.List, IsCaseSensitive: c.CaseSensitive, IsGroupable: c.Groupable, IsEvaluable: true,
		IsHidden: c.Hidden, UnitType: c.Unit}
	if c.Type != 0 {
		m.ValueType = c.Type.String()
	}
	if m.OriginalDisplayName == "" {
		m.OriginalDisplayName = c.Name
	}
	return m
}

// timeStats makes the column that holds a result over time: one series a group,
// in each of them one result a bucket.
func timeStats(name string, s *query.Series) columnModel {
	m := columnModel{Type: "TIME_STATS_COLUMN", SubSystem: "LOG", DisplayName: name, OriginalDisplayName: name, InternalName: "timestats",
		ValueType: record.Timestamp.String(), IsEvaluable: true, IntervalGap: s.Span, Intervals: s.Buckets}
	columns := append(mapped(s.By, columnOf), mapped(s.Values, columnOf)...)
	for _, line := range s.Lines {
		rows := make([]map[string]any, len(s.Buckets))
		for i := range s.Buckets {
			row := make(map[string]any, len(columns))
			for j, by := range s.By {
				if v, ok := cell(line.Key[j]); ok {
					row[by.Name] = v
				}
			}
			for j, value := range s.Values {
				if v, ok := cell(line.Points[j][i]); ok {
					row[value.Name] = v
				}
			}
			rows[i] = row
		}
		count := len(rows)
		label := lineName(s, line)
		m.Series = append(m.Series, columnModel{Type: "TIME_STATS_DATA_COLUMN", SubSystem: "LOG", DisplayName: label, OriginalDisplayName: label,
			IsEvaluable: true, Columns: columns, Result: rows, ResultCount: &count, TotalCount: &count})
	}
	return m
}

func seriesName(s *query.Series) string {
	names := make([]string, len(s.Values))
	for i, v := range s.Values {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

// lineName is the legend of one line of a series.
func lineName(s *query.Series, l query.Line) string {
	if len(l.Key) == 0 {
		return seriesName(s)
	}
	parts := make([]string, len(l.Key))
	for i, v := range l.Key {
		if v != nil {
			parts[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(parts, ", ")
}
