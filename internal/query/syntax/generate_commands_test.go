package syntax

import "testing"

// makers returns a function for each kind of command that makes a random one.
func makers() []func(g *generator) Command {
	return []func(g *generator) Command{
		func(g *generator) Command { return &Search{Term: g.term()} },
		func(g *generator) Command { return &Where{Cond: g.expr()} },
		func(g *generator) Command {
			return &Eval{Assignments: many(g, 1, func() Assignment { return Assignment{Name: g.name(), X: g.expr()} })}
		},
		func(g *generator) Command { return &Stats{Aggs: g.aggs(), By: g.maybeBy()} },
		func(g *generator) Command { return &EventStats{Aggs: g.aggs(), By: g.maybeBy()} },
		func(g *generator) Command {
			c := &TimeStats{Every: g.lengthP(), Field: g.nameP(), TopCount: g.int(), MaxValues: g.int(), Name: g.nameP(), Aggs: g.aggs(), By: g.maybeBy()}
			if c.TopCount == nil {
				c.BottomCount = g.int()
			}
			return c
		},
		func(g *generator) Command {
			return &TimeCluster{Every: g.lengthP(), Field: g.nameP(), MaxValues: g.int(), Name: g.nameP(), Aggs: g.aggs(), By: g.names()}
		},
		func(g *generator) Command {
			return &GeoStats{Include: pick(g, nil, []string{"custom"}, []string{"client", "server"}), City: g.nameP(), Region: g.nameP(),
				Country: g.nameP(), Continent: g.nameP(), Coordinates: g.nameP(), Aggs: g.aggs(), By: g.maybeBy()}
		},
		func(g *generator) Command {
			return &Link{IncludeNulls: g.bool(), IncludeTrends: g.bool(), IncludeInfo: g.bool(), Every: g.lengthP(), Keys: many(g, 0, func() LinkKey {
				if g.chance(3) {
					return LinkKey{Cluster: &Call{Func: "cluster", Args: many(g, 0, g.expr)}}
				}
				return LinkKey{Field: g.name()}
			})}
		},
		func(g *generator) Command {
			return &Classify{TopCount: g.int(), BottomCount: g.int(), Correlate: many(g, 0, g.signed(false)), Fields: g.names(), Alias: g.nameP()}
		},
		func(g *generator) Command { return &AddFields{Subqueries: many(g, 1, g.subquery)} },
		func(g *generator) Command { return &CreateView{Subquery: g.subquery(), Name: g.name()} },
		func(g *generator) Command { return &Map{Subquery: g.subquery(), View: g.name()} },
		func(g *generator) Command {
			c := &Sequence{Name: g.name(), Field: g.nameP(), Within: g.lengthP(), MaxPause: g.lengthP(), Between: g.chance(2), Select: many(g, 1, g.aliased)}
			for range 2 {
				c.Rules = append(c.Rules, SequenceRule{Subquery: g.subquery(), Min: 3, Max: pick[int64](g, -1, 3, 7)})
			}
			return c
		},
		func(g *generator) Command {
			return &CreateTable{Name: g.name(), Select: many(g, 1, func() TableColumn {
				if g.chance(3) {
					x := g.textV()
					return TableColumn{Literal: &x, Alias: g.nameP()}
				}
				return TableColumn{Field: g.name(), Alias: g.nameP()}
			})}
		},
		func(g *generator) Command { return &UpdateTable{Name: g.name(), Subquery: g.subquery()} },
		func(g *generator) Command {
			c := &HighlightGroups{Color: pick(g, "", "red", "#32a852", "#fff"), Priority: pick(g, "", "high"), MatchOnly: g.maybeBy(), Keywords: many(g, 0, g.keyword), Alias: g.nameP()}
			if len(c.Keywords) == 0 || g.chance(2) {
				c.Subquery = g.subquery()
			}
			return c
		},
		func(g *generator) Command {
			return &Highlight{Color: pick(g, "", "blue"), Fields: g.maybeBy(), Keywords: many(g, 1, g.keyword)}
		},
		func(g *generator) Command {
			return &HighlightRows{Color: pick(g, "", "blue"), Keywords: many(g, 1, g.keyword)}
		},
		func(g *generator) Command {
			c := &CompareWith{Fields: g.maybeBy()}
			if g.chance(2) {
				c.Shift, c.Size, c.Count = g.offset(), g.lengthP(), g.int()
			} else {
				c.Ranges = many(g, 0, func() CompareRange { return CompareRange{From: g.value(), To: g.value(), Alias: g.nameP()} })
			}
			return c
		},
		func(g *generator) Command {
			d := g.length()
			return &TimeCompare{Shift: &d, Count: g.int()}
		},
		func(g *generator) Command { return &Sort{Keys: many(g, 1, g.signed(false))} },
		func(g *generator) Command { return &Head{Limit: g.int()} },
		func(g *generator) Command { return &Tail{Limit: g.int()} },
		func(g *generator) Command { return &Top{Limit: g.int(), Field: g.name(), By: g.maybeBy()} },
		func(g *generator) Command { return &Bottom{Limit: g.int(), Field: g.name(), By: g.maybeBy()} },
		func(g *generator) Command {
			return &Frequent{Limit: g.int(), ShowCount: g.bool(), ShowPercent: g.bool(), Fields: g.names(), Alias: g.nameP(), By: g.maybeBy()}
		},
		func(g *generator) Command {
			return &Rare{Limit: g.int(), ShowCount: g.bool(), ShowPercent: g.bool(), Fields: g.names(), Alias: g.nameP(), By: g.maybeBy()}
		},
		func(g *generator) Command { return &Distinct{Fields: g.names()} },
		func(g *generator) Command {
			return &Dedup{Count: g.int(), IncludeNulls: g.bool(), Consecutive: g.bool(), Fields: g.names()}
		},
		func(g *generator) Command {
			return &Delta{From: g.nameP(), Step: g.int(), Field: g.name(), Alias: g.nameP()}
		},
		func(g *generator) Command {
			return &Outlier{Action: pick(g, "", "filter", "annotate"), Remove: g.bool(), Fields: g.names(), Alias: g.nameP()}
		},
		func(g *generator) Command { return &Anomaly{Fields: g.maybeBy(), Alias: g.nameP()} },
		func(g *generator) Command {
			return &Bucket{Width: g.numberP(), MaxBuckets: g.int(), Field: g.name(), Others: g.nameP(), Ranges: many(g, 0, func() BucketRange {
				r := BucketRange{Alias: g.nameP(), Low: g.number(), High: g.number()}
				r.Low.Text = pick(g, "", "-") + r.Low.Text
				return r
			})}
		},
		func(g *generator) Command {
			return &Fields{Target: pick(g, "", "ui", "query"), Items: many(g, 1, g.signed(true))}
		},
		func(g *generator) Command {
			return &Rename{Items: many(g, 1, func() Aliased {
				n := g.name()
				return Aliased{Field: g.name(), Alias: &n}
			})}
		},
		func(g *generator) Command {
			return &FieldSummary{MaxValues: g.int(), IncludeNulls: g.bool(), IncludeTrends: g.bool(), Fields: g.names()}
		},
		func(g *generator) Command { return &Extract{Field: g.nameP(), Pattern: g.pattern()} },
		func(g *generator) Command {
			return &Regex{Field: g.name(), Not: g.chance(2), Patterns: many(g, 1, g.pattern)}
		},
		func(g *generator) Command { return &JSONExtract{Field: g.nameP(), Paths: many(g, 1, g.path)} },
		func(g *generator) Command { return &XMLExtract{Field: g.nameP(), Paths: many(g, 1, g.path)} },
		func(g *generator) Command {
			c := &Lookup{Table: g.name(), MaxMatches: g.int(), Select: many(g, 1, g.aliased)}
			if g.chance(2) {
				c.Default = g.value()
			}
			c.Using = many(g, 1, func() LookupKey { return LookupKey{Field: g.name(), Column: g.nameP()} })
			return c
		},
		func(g *generator) Command { return &SearchLookup{Table: g.name()} },
		func(g *generator) Command { return &AddInsights{} },
		func(g *generator) Command { return &Cluster{Similarity: g.numberP(), Fields: g.maybeBy()} },
		func(g *generator) Command {
			c := &ClusterCompare{Size: g.lengthP(), IncludeTrends: g.bool(), Every: g.lengthP()}
			if g.chance(2) {
				c.Shift = g.offset()
			} else {
				c.StartTime, c.EndTime = g.value(), g.value()
			}
			if g.chance(2) {
				c.Baseline = g.subquery()
			}
			return c
		},
		func(g *generator) Command {
			return &ClusterDetails{Collection: g.nameP(), IDs: many(g, 0, g.value)}
		},
		func(g *generator) Command { return &ClusterSplit{Collection: g.nameP(), IDs: many(g, 0, g.value)} },
		func(g *generator) Command { return &LinkDetails{Collection: g.nameP(), IDs: many(g, 0, g.value)} },
		func(g *generator) Command {
			return &NLP{Table: g.nameP(), Similarity: g.numberP(), Functions: many(g, 1, func() NLPFunction {
				return NLPFunction{Func: pick(g, "cluster", "keywords"), Field: g.name(), Alias: g.name()}
			})}
		},
		func(g *generator) Command {
			return &Raw{Command: pick(g, "delete", "macro", "module", "multisearch", "demomode"), Text: pick(g, "", "a = 'b' [ c | d ] , $x")}
		},
	}
}

func (g *generator) path() PathColumn {
	return PathColumn{Name: g.name(), Path: g.textV()}
}

// Each command of the language is made, so that none escapes the round trip.
func TestMakersMakeEveryCommand(t *testing.T) {
	made := map[string]bool{}
	for seed := range uint64(40) {
		g := newGenerator(seed, 0)
		for _, maker := range g.makers {
			made[maker(g).Keyword()] = true
		}
	}
	for _, info := range CommandInfos() {
		if !made[info.Name] {
			t.Errorf("no maker for %s", info.Name)
		}
	}
}
