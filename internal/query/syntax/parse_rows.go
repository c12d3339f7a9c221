package syntax

// rowCommand reads the commands that order, count, keep or mark rows.
func (p *parser) rowCommand(name string, at int) Command {
	switch name {
	case "sort":
		c := &Sort{Keys: p.signedFields(false)}
		c.Span = p.since(at)
		return c
	case "head":
		limit := p.limit(true)
		return &Head{p.since(at), limit}
	case "tail":
		limit := p.limit(true)
		return &Tail{p.since(at), limit}
	case "top":
		c := &Top{Limit: p.limit(false), Field: p.name(), By: p.by()}
		c.Span = p.since(at)
		return c
	case "bottom":
		c := &Bottom{Limit: p.limit(false), Field: p.name(), By: p.by()}
		c.Span = p.since(at)
		return c
	case "frequent", "rare":
		return p.frequent(name, at)
	case "distinct":
		c := &Distinct{Fields: p.names()}
		c.Span = p.since(at)
		return c
	case "dedup":
		c := &Dedup{}
		p.settings(false, p.intOption("count", &c.Count), p.boolOption("includenulls", &c.IncludeNulls), p.boolOption("consecutive", &c.Consecutive))
		c.Fields = p.names()
		c.Span = p.since(at)
		return c
	case "delta":
		c := &Delta{}
		p.settings(false, p.nameOption("field", &c.From), p.intOption("step", &c.Step))
		c.Field, c.Alias = p.name(), p.alias()
		c.Span = p.since(at)
		return c
	case "outlier":
		c := &Outlier{}
		p.settings(false, p.wordOption("action", &c.Action, "filter", "annotate"), p.boolOption("remove", &c.Remove))
		c.Fields, c.Alias = p.names(), p.alias()
		c.Span = p.since(at)
		return c
	case "anomaly":
		c := &Anomaly{}
		if p.isName() {
			c.Fields = p.names()
		}
		c.Alias = p.alias()
		c.Span = p.since(at)
		return c
	case "bucket":
		return p.bucket(at)
	}
	return nil
}

// limit reads `limit = n` or just n; neither is a nil limit. Alone means that
// nothing else follows.
func (p *parser) limit(alone bool) *Int {
	var limit *Int
	p.settings(false, p.intOption("limit", &limit))
	if limit == nil && (p.peek().Kind == TokenNumber || p.is("-") || p.is("+")) {
		limit = p.int()
	}
	if alone && p.peek().Kind != TokenEnd {
		p.misspelt("limit")
	}
	return limit
}

// frequent reads the arguments that frequent and rare share.
func (p *parser) frequent(name string, at int) Command {
	c := Frequent{}
	p.settings(false, p.intOption("limit", &c.Limit), p.boolOption("showcount", &c.ShowCount), p.boolOption("showpercent", &c.ShowPercent))
	c.Fields, c.Alias, c.By = p.names(), p.alias(), p.by()
	c.Span = p.since(at)
	if name == "rare" {
		return (*Rare)(&c)
	}
	return &c
}

func (p *parser) bucket(at int) Command {
	c := &Bucket{}
	p.settings(false, p.numberOption("span", &c.Width), p.intOption("maxbuckets", &c.MaxBuckets))
	c.Field = p.name()
	if p.peek().Kind != TokenEnd {
		p.list(func() { p.bucketRange(c) })
	}
	c.Span = p.since(at)
	return c
}

// bucketRange reads [name =] low - high, or others = name.
func (p *parser) bucketRange(c *Bucket) {
	if p.isWord("others") && p.textAt(p.pos+1) == "=" {
		if c.Others != nil {
			p.fail(p.peek().Span, "Unexpected input for BUCKET: others (given twice)", "")
		}
		p.pos += 2
		c.Others = p.namePointer()
		return
	}
	at := p.here()
	var r BucketRange
	if p.isName() {
		r.Alias = p.namePointer()
		p.expect("=")
	}
	r.Low = p.number()
	p.expect("-")
	r.High = p.number()
	r.Span = p.since(at)
	c.Ranges = append(c.Ranges, r)
}
