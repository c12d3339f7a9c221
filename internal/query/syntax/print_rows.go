package syntax

// rowFamily prints the commands that order, cut, choose or rename.
func (p *printer) rowFamily(c Command) {
	switch c := c.(type) {
	case *Sort:
		p.write(" ")
		p.signedFields(c.Keys)
	case *Head:
		p.int("limit", c.Limit)
	case *Tail:
		p.int("limit", c.Limit)
	case *Top:
		p.int("limit", c.Limit)
		p.fields([]Name{c.Field}, nil, c.By)
	case *Bottom:
		p.int("limit", c.Limit)
		p.fields([]Name{c.Field}, nil, c.By)
	case *Frequent:
		p.frequent(c)
	case *Rare:
		p.frequent((*Frequent)(c))
	case *Distinct:
		p.fields(c.Fields, nil, nil)
	case *Dedup:
		p.int("count", c.Count)
		p.bool("includenulls", c.IncludeNulls)
		p.bool("consecutive", c.Consecutive)
		p.fields(c.Fields, nil, nil)
	case *Delta:
		p.option("field", c.From)
		p.int("step", c.Step)
		p.fields([]Name{c.Field}, c.Alias, nil)
	case *Outlier:
		p.word("action", c.Action)
		p.bool("remove", c.Remove)
		p.fields(c.Fields, c.Alias, nil)
	case *Anomaly:
		p.fields(c.Fields, c.Alias, nil)
	case *Bucket:
		p.bucket(c)
	case *Fields:
		p.word("target", c.Target)
		p.write(" ")
		p.signedFields(c.Items)
	case *Rename:
		p.write(" ")
		p.aliased(c.Items)
	case *FieldSummary:
		p.int("maxvalues", c.MaxValues)
		p.bool("includenulls", c.IncludeNulls)
		p.bool("includetrends", c.IncludeTrends)
		p.fields(c.Fields, nil, nil)
	default:
		p.textFamily(c)
	}
}

func (p *printer) frequent(c *Frequent) {
	p.int("limit", c.Limit)
	p.bool("showcount", c.ShowCount)
	p.bool("showpercent", c.ShowPercent)
	p.fields(c.Fields, c.Alias, c.By)
}

func (p *printer) bucket(c *Bucket) {
	p.number("span", c.Width)
	p.int("maxbuckets", c.MaxBuckets)
	p.fields([]Name{c.Field}, nil, nil)
	if len(c.Ranges) > 0 || c.Others != nil {
		p.write(" ")
	}
	commas(p, c.Ranges, func(r BucketRange) {
		if r.Alias != nil {
			p.name(*r.Alias, "others")
			p.write(" = ")
		}
		p.write(r.Low.Text, "-", r.High.Text)
	})
	if c.Others != nil {
		if len(c.Ranges) > 0 {
			p.write(", ")
		}
		p.write("others = ")
		p.name(*c.Others)
	}
}

// textFamily prints the commands about texts, lookups, clusters and display.
func (p *printer) textFamily(c Command) {
	switch c := c.(type) {
	case *Eval:
		p.write(" ")
		commas(p, c.Assignments, func(a Assignment) {
			p.name(a.Name)
			p.write(" = ")
			p.expr(a.X, precedenceOr)
		})
	case *Extract:
		p.option("field", c.Field)
		p.write(" ")
		p.pattern(c.Pattern)
	case *Regex:
		p.regex(c)
	case *JSONExtract:
		p.paths(c.Field, c.Paths)
	case *XMLExtract:
		p.paths(c.Field, c.Paths)
	case *Lookup:
		p.lookup(c)
	case *SearchLookup:
		p.option("table", &c.Table)
	case *NLP:
		p.nlp(c)
	case *Cluster:
		p.number("similarity", c.Similarity)
		p.fields(c.Fields, nil, nil)
	case *ClusterCompare:
		p.clusterCompare(c)
	case *ClusterDetails:
		p.details(c.Collection, c.IDs)
	case *ClusterSplit:
		p.details(c.Collection, c.IDs)
	case *Highlight:
		p.word("color", c.Color)
		p.fieldList("fields", c.Fields)
		p.keywords(c.Keywords)
	case *HighlightRows:
		p.word("color", c.Color)
		p.keywords(c.Keywords)
	case *HighlightGroups:
		p.word("color", c.Color)
		p.word("priority", c.Priority)
		p.fieldList("matchonly", c.MatchOnly)
		p.keywords(c.Keywords)
		if c.Subquery != nil {
			p.write(" ")
			p.subquery(c.Subquery)
		}
		p.alias(c.Alias)
	}
}

func (p *printer) pattern(x Pattern) {
	if x.Template != "" {
		p.write(quotePattern(x.Template))
		return
	}
	p.write(quotePattern(x.Text))
}

func (p *printer) regex(c *Regex) {
	p.write(" ")
	p.name(c.Field)
	if len(c.Patterns) == 1 {
		op := OpEq
		if c.Not {
			op = OpNe
		}
		p.write(" ", string(op), " ")
		p.pattern(c.Patterns[0])
		return
	}
	p.in(c.Not)
	commas(p, c.Patterns, p.pattern)
	p.write(")")
}

func (p *printer) paths(field *Name, list []PathColumn) {
	p.option("field", field)
	p.write(" ")
	commas(p, list, func(c PathColumn) {
		p.name(c.Name, "field")
		p.write(" = ")
		p.quoted(c.Path.Name)
	})
}

// quoted prints a name in quotes even where it needs none.
func (p *printer) quoted(n Name) {
	if n.Template != "" {
		p.write(quote(n.Template))
		return
	}
	p.write(quote(n.Text))
}

func (p *printer) lookup(c *Lookup) {
	p.option("table", &c.Table)
	p.int("maxmatches", c.MaxMatches)
	p.optionValue("default", c.Default)
	p.write(" select ")
	p.aliased(c.Select)
	p.write(" using ")
	commas(p, c.Using, func(k LookupKey) {
		p.name(k.Field)
		if k.Column != nil {
			p.write(" = ")
			p.name(*k.Column)
		}
	})
}

func (p *printer) nlp(c *NLP) {
	p.option("table", c.Table)
	p.number("similarity", c.Similarity)
	p.write(" ")
	commas(p, c.Functions, func(f NLPFunction) {
		p.write(f.Func, "(")
		p.name(f.Field)
		p.write(")")
		p.alias(&f.Alias)
	})
}

func (p *printer) clusterCompare(c *ClusterCompare) {
	p.offset("timeshift", c.Shift)
	p.optionValue("starttime", c.StartTime)
	p.optionValue("endtime", c.EndTime)
	p.duration("size", c.Size)
	p.bool("includetrends", c.IncludeTrends)
	p.duration("span", c.Every)
	if c.Baseline != nil {
		p.write(" ")
		p.subquery(c.Baseline)
	}
}

func (p *printer) keywords(list []Keyword) {
	if len(list) > 0 {
		p.write(" ")
		commas(p, list, p.keyword)
	}
}
