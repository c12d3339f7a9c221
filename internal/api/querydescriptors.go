package api

import (
	"strconv"
	"strings"

	"ledgerline/internal/query/syntax"
)

// descriptorName is the discriminator of a command's descriptor: its name in
// upper case, with an underscore between the words of some.
func descriptorName(keyword string) string {
	switch keyword {
	case "addfields", "addinsights":
		return "ADD_" + strings.ToUpper(keyword[len("add"):])
	case "clustercompare", "clusterdetails", "clustersplit":
		return "CLUSTER_" + strings.ToUpper(keyword[len("cluster"):])
	case "createview":
		return "CREATE_VIEW"
	case "demomode":
		return "DEMO_MODE"
	case "eventstats":
		return "EVENT_STATS"
	case "fieldsummary":
		return "FIELD_SUMMARY"
	case "geostats":
		return "GEO_STATS"
	case "highlightgroups", "highlightrows":
		return "HIGHLIGHT_" + strings.ToUpper(keyword[len("highlight"):])
	case "jsonextract":
		return "JSON_EXTRACT"
	case "xmlextract":
		return "XML_EXTRACT"
	case "linkdetails":
		return "LINK_DETAILS"
	case "multisearch":
		return "MULTI_SEARCH"
	case "searchlookup":
		return "SEARCH_LOOKUP"
	case "timecluster", "timecompare", "timestats":
		return "TIME_" + strings.ToUpper(keyword[len("time"):])
	}
	return strings.ToUpper(keyword)
}

// extras fills the members that only some descriptors have. Source: section 6.3
// of the language reference.
func (d *describer) extras(c syntax.Command, m *descriptorModel) {
	switch c := c.(type) {
	case *syntax.Stats:
		d.aggregates(m, c.Aggs, c.By)
	case *syntax.EventStats:
		d.aggregates(m, c.Aggs, c.By)
	case *syntax.TimeStats:
		d.aggregates(m, c.Aggs, c.By)
		m.Time, m.Span = d.timeField(c.Field, "Time"), span(c.Every)
	case *syntax.TimeCluster:
		d.aggregates(m, c.Aggs, c.By)
		m.Time, m.Span = d.timeField(c.Field, "Start Time"), span(c.Every)
	case *syntax.GeoStats:
		d.aggregates(m, c.Aggs, c.By)
		m.Include = strings.ToUpper(strings.Join(c.Include, "_AND_"))
		if m.Include == "" {
			m.Include = "CLIENT"
		}
		m.CityField, m.RegionField, m.CountryField = d.optional(c.City), d.optional(c.Region), d.optional(c.Country)
		m.ContinentField, m.CoordinatesField = d.optional(c.Continent), d.optional(c.Coordinates)
	case *syntax.Link:
		m.ShouldIncludeNulls, m.ShouldIncludeTrends, m.Span = boolean(c.IncludeNulls), boolean(c.IncludeTrends), span(c.Every)
	case *syntax.Classify:
		m.TopCount, m.BottomCount, m.Correlate = whole(c.TopCount), whole(c.BottomCount), d.signed(c.Correlate)
	case *syntax.ClusterCompare:
		m.ShouldIncludeTrends, m.Span = boolean(c.IncludeTrends), span(c.Every)
		if c.Shift != nil {
			m.TimeShift = c.Shift.String()
		}
	case *syntax.Fields:
		m.ReferencedFields = d.signed(c.Items)
	case *syntax.Sort:
		for _, key := range c.Keys {
			f := d.field("SORT", key.Field.Text)
			f.Direction = "ASCENDING"
			if key.Minus {
				f.Direction = "DESCENDING"
			}
			m.ReferencedFields = append(m.ReferencedFields, f)
		}
	case *syntax.Head:
		m.Limit = whole(c.Limit)
	case *syntax.Tail:
		m.Limit = whole(c.Limit)
	case *syntax.Top:
		m.Limit = whole(c.Limit)
	case *syntax.Bottom:
		m.Limit = whole(c.Limit)
	case *syntax.Delta:
		m.Step = whole(c.Step)
	case *syntax.FieldSummary:
		m.MaxValues = whole(c.MaxValues)
	case *syntax.Bucket:
		bucketExtras(c, m)
	case *syntax.CreateTable:
		m.TableName = c.Name.Text
	case *syntax.UpdateTable:
		m.TableName = c.Name.Text
	case *syntax.Highlight:
		m.Color, m.Fields, m.Keywords = c.Color, texts(c.Fields), keywords(c.Keywords)
	case *syntax.HighlightRows:
		m.Color, m.Keywords = c.Color, keywords(c.Keywords)
	case *syntax.HighlightGroups:
		m.Color, m.Priority, m.MatchOnly, m.Keywords = c.Color, c.Priority, texts(c.MatchOnly), keywords(c.Keywords)
	}
}

// aggregates describes functions and the fields they are grouped by.
func (d *describer) aggregates(m *descriptorModel, aggs []syntax.Agg, by []syntax.Name) {
	for _, a := range aggs {
		name := syntax.Format(a.Call)
		f := fieldRef{Kind: "FUNCTION", DisplayName: name, OriginalDisplayNames: []string{name}, Function: a.Call.Func, IsDeclared: true}
		if a.Alias != nil {
			f.DisplayName, f.Alias = a.Alias.Text, a.Alias.Text
		}
		for _, x := range a.Call.Args {
			f.Arguments = append(f.Arguments, d.argument(x))
		}
		m.Functions = append(m.Functions, f)
	}
	for _, n := range by {
		m.GroupByFields = append(m.GroupByFields, d.field("FIELD", n.Text))
	}
}

func (d *describer) argument(x syntax.Expr) argumentModel {
	switch x := x.(type) {
	case *syntax.Ref:
		if f := d.field("FIELD", x.Text); f.InternalName != "" || f.IsDeclared {
			return argumentModel{Type: "FIELD", Value: f}
		}
		return argumentModel{Type: "LITERAL", Value: x.Text, DataType: "STRING"}
	case *syntax.Number:
		if v, err := strconv.ParseFloat(x.Text, 64); err == nil {
			return argumentModel{Type: "LITERAL", Value: v, DataType: "NUMBER"}
		}
	}
	return argumentModel{Type: "LITERAL", Value: syntax.Format(x), DataType: "STRING"}
}

func (d *describer) signed(list []syntax.SignedField) []fieldRef {
	var out []fieldRef
	for _, s := range list {
		f := d.field("FIELDS", s.Field.Text)
		f.Operation = "ADD"
		if s.Minus {
			f.Operation = "REMOVE"
		}
		if s.Alias != nil {
			f.Alias = s.Alias.Text
		}
		out = append(out, f)
	}
	return out
}

func (d *describer) timeField(n *syntax.Name, normal string) *fieldRef {
	if n != nil {
		normal = n.Text
	}
	f := d.field("FIELD", normal)
	return &f
}

func (d *describer) optional(n *syntax.Name) *fieldRef {
	if n == nil {
		return nil
	}
	return d.timeField(n, "")
}

func bucketExtras(c *syntax.Bucket, m *descriptorModel) {
	m.MaxBuckets = whole(c.MaxBuckets)
	if c.Width != nil {
		if v := number(*c.Width); v != nil {
			m.Span = *v
		}
	}
	for _, r := range c.Ranges {
		b := bucketRangeModel{Lower: number(r.Low), Upper: number(r.High)}
		if r.Alias != nil {
			b.Alias = r.Alias.Text
		}
		m.Ranges = append(m.Ranges, b)
	}
	if c.Others != nil {
		m.DefaultValue = c.Others.Text
	}
}

func number(n syntax.Number) *float64 {
	v, err := strconv.ParseFloat(n.Text, 64)
	if err != nil { // too large; the text of the command still tells it
		return nil
	}
	return &v
}

// span is nil, not an empty text, when none was written.
func span(d *syntax.Duration) any {
	if d == nil {
		return nil
	}
	return d.String()
}

func whole(n *syntax.Int) *int64 {
	if n == nil {
		return nil
	}
	return &n.Value
}

func boolean(b *syntax.Bool) *bool {
	if b == nil {
		return nil
	}
	return &b.Value
}

func texts(list []syntax.Name) []string {
	return mapped(list, func(n syntax.Name) string { return n.Text })
}

func keywords(list []syntax.Keyword) []string {
	return mapped(list, func(k syntax.Keyword) string { return k.Text })
}
