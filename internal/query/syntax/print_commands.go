package syntax

import "strconv"

// command prints a command with its name.
func (p *printer) command(c Command) {
	p.write(c.Keyword())
	switch c := c.(type) {
	case *Search:
		p.write(" ")
		p.term(c.Term, precedenceOr)
	case *Where:
		p.write(" ")
		p.expr(c.Cond, precedenceOr)
	case *Raw:
		if c.Text != "" {
			p.write(" ", c.Text)
		}
	case *Stats:
		p.aggregates(c.Aggs, c.By)
	case *EventStats:
		p.aggregates(c.Aggs, c.By)
	case *TimeStats:
		p.duration("span", c.Every)
		p.option("field", c.Field)
		p.int("topcount", c.TopCount)
		p.int("bottomcount", c.BottomCount)
		p.int("maxvalues", c.MaxValues)
		p.option("name", c.Name)
		p.aggregates(c.Aggs, c.By)
	case *TimeCluster:
		p.option("name", c.Name)
		p.duration("span", c.Every)
		p.option("field", c.Field)
		p.int("maxvalues", c.MaxValues)
		p.aggregates(c.Aggs, c.By)
	case *GeoStats:
		p.geoStats(c)
	case *CompareWith:
		p.compare(c)
	case *TimeCompare:
		p.duration("shift", c.Shift)
		p.int("count", c.Count)
	default:
		p.linkFamily(c)
	}
}

func (p *printer) aggregates(aggs []Agg, by []Name) {
	p.write(" ")
	commas(p, aggs, func(a Agg) {
		p.call(a.Call)
		p.alias(a.Alias)
	})
	p.by(by)
}

func (p *printer) geoStats(c *GeoStats) {
	for i, s := range c.Include {
		if i == 0 {
			p.write(" include = ", s)
		} else {
			p.write(",", s)
		}
	}
	p.option("city", c.City)
	p.option("region", c.Region)
	p.option("country", c.Country)
	p.option("continent", c.Continent)
	p.option("coordinates", c.Coordinates)
	p.aggregates(c.Aggs, c.By)
}

func (p *printer) compare(c *CompareWith) {
	p.fieldList("fields", c.Fields)
	p.offset("timeshift", c.Shift)
	p.duration("size", c.Size)
	p.int("count", c.Count)
	if len(c.Ranges) == 0 {
		return
	}
	p.write(" timerange = ")
	commas(p, c.Ranges, func(r CompareRange) {
		p.value(r.From)
		p.write(" to ")
		p.value(r.To)
		p.alias(r.Alias)
	})
}

// option prints ` name = value` when there is a value; the functions below do
// the same for other types.
func (p *printer) option(name string, v *Name) {
	if v != nil {
		p.write(" ", name, " = ")
		p.name(*v)
	}
}

func (p *printer) word(name, v string) {
	if v != "" {
		p.write(" ", name, " = ", v)
	}
}

func (p *printer) int(name string, v *Int) {
	if v != nil {
		p.write(" ", name, " = ", strconv.FormatInt(v.Value, 10))
	}
}

func (p *printer) bool(name string, v *Bool) {
	if v != nil {
		p.write(" ", name, " = ", strconv.FormatBool(v.Value))
	}
}

func (p *printer) number(name string, v *Number) {
	if v != nil {
		p.write(" ", name, " = ", v.Text)
	}
}

func (p *printer) duration(name string, v *Duration) {
	if v != nil {
		p.write(" ", name, " = ", v.String())
	}
}

func (p *printer) offset(name string, v *Offset) {
	if v != nil {
		p.write(" ", name, " = ", v.String())
	}
}

func (p *printer) optionValue(name string, v Value) {
	if v != nil {
		p.write(" ", name, " = ")
		p.value(v)
	}
}

func (p *printer) fieldList(name string, list []Name) {
	if len(list) > 0 {
		p.write(" ", name, " = ")
		p.names(list)
	}
}

func (p *printer) signedFields(list []SignedField) {
	commas(p, list, func(f SignedField) {
		if f.Minus {
			p.write("-")
		}
		p.wildcardName(f.Field)
		p.alias(f.Alias)
	})
}

func (p *printer) aliased(list []Aliased) {
	commas(p, list, func(a Aliased) {
		p.name(a.Field)
		p.alias(a.Alias)
	})
}

// linkFamily prints link and the commands for groups.
func (p *printer) linkFamily(c Command) {
	switch c := c.(type) {
	case *Link:
		p.bool("includenulls", c.IncludeNulls)
		p.bool("includetrends", c.IncludeTrends)
		p.bool("includeinfo", c.IncludeInfo)
		p.duration("span", c.Every)
		p.linkKeys(c.Keys)
	case *Classify:
		p.int("topcount", c.TopCount)
		p.int("bottomcount", c.BottomCount)
		if len(c.Correlate) > 0 {
			p.write(" correlate = ")
			p.signedFields(c.Correlate)
		}
		p.fields(c.Fields, c.Alias, nil)
	case *AddFields:
		p.write(" ")
		commas(p, c.Subqueries, p.subquery)
	case *CreateView:
		p.write(" ")
		p.subquery(c.Subquery)
		p.alias(&c.Name)
	case *Map:
		p.write(" ")
		p.subquery(c.Subquery)
		p.write(" using ")
		p.name(c.View)
	case *Sequence:
		p.sequence(c)
	case *CreateTable:
		p.option("name", &c.Name)
		p.write(" select ")
		commas(p, c.Select, p.tableColumn)
	case *UpdateTable:
		p.option("name", &c.Name)
		p.write(" ")
		p.subquery(c.Subquery)
	case *LinkDetails:
		p.details(c.Collection, c.IDs)
	default:
		p.rowFamily(c)
	}
}

func (p *printer) linkKeys(keys []LinkKey) {
	if len(keys) > 0 {
		p.write(" ")
	}
	commas(p, keys, func(k LinkKey) {
		if k.Cluster != nil {
			p.call(k.Cluster)
			return
		}
		p.name(k.Field)
	})
}

func (p *printer) tableColumn(c TableColumn) {
	if c.Literal != nil {
		p.write("literal(")
		p.name(c.Literal.Name)
		p.write(")")
	} else {
		p.name(c.Field)
	}
	p.alias(c.Alias)
}

func (p *printer) sequence(c *Sequence) {
	p.option("name", &c.Name)
	p.option("field", c.Field)
	p.duration("span", c.Within)
	p.duration("maxpause", c.MaxPause)
	between := " "
	joint := " then "
	if c.Between {
		between, joint = " between ", " and "
	}
	p.write(between)
	for i, r := range c.Rules {
		if i > 0 {
			p.write(joint)
		}
		p.subquery(r.Subquery)
		p.write("{", strconv.FormatInt(r.Min, 10))
		if r.Max != r.Min {
			p.write(",")
			if r.Max >= 0 {
				p.write(strconv.FormatInt(r.Max, 10))
			}
		}
		p.write("}")
	}
	p.write(" select ")
	p.aliased(c.Select)
}

// fields prints fields with an alias for all of them and a by clause.
func (p *printer) fields(list []Name, alias *Name, by []Name) {
	if len(list) > 0 {
		p.write(" ")
		p.names(list)
	}
	p.alias(alias)
	p.by(by)
}

func (p *printer) details(collection *Name, ids []Value) {
	p.option("collection", collection)
	if len(ids) > 0 {
		p.write(" ")
		commas(p, ids, p.value)
	}
}
