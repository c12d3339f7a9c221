package syntax

import (
	"reflect"
	"slices"
)

// Parts are what a command is about. The pointers lead into the tree.
type Parts struct {
	Reads      []*Name // fields it uses; a Ref that is no field counts, too
	Makes      []*Name // columns it names
	Subqueries []*Subquery
}

// PartsOf collects the names in a command, in the order of the text.
func PartsOf(c Command) Parts {
	var p Parts
	if lookup, ok := c.(*Lookup); ok { // its columns are those of the table
		for i := range lookup.Using {
			p.Reads = append(p.Reads, &lookup.Using[i].Field)
		}
		for i := range lookup.Select {
			s := &lookup.Select[i]
			if s.Alias != nil {
				p.Makes = append(p.Makes, s.Alias)
			} else {
				p.Makes = append(p.Makes, &s.Field)
			}
		}
		return p
	}
	p.walk(reflect.ValueOf(c))
	return p
}

// The commands are structs whose names are in fields of type Name; walking them
// by reflection leaves nothing to forget when a command is added.
func (p *Parts) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			p.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			p.walk(v.Index(i))
		}
	case reflect.Struct:
		p.fields(v)
	}
}

func (p *Parts) fields(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *Subquery:
		p.Subqueries = append(p.Subqueries, x)
		return
	case *Ref:
		p.Reads = append(p.Reads, &x.Name)
		return
	case *Text, *Pattern, *Keyword, *Variable:
		return
	}
	t := v.Type()
	for i := range t.NumField() {
		names, ok := namesOf(v.Field(i))
		if !ok {
			p.walk(v.Field(i))
			continue
		}
		switch roleOf(t.Name(), t.Field(i).Name) {
		case roleReads:
			p.Reads = append(p.Reads, names...)
		case roleMakes:
			p.Makes = append(p.Makes, names...)
		}
	}
}

// namesOf returns the names in a field of a struct; ok is false when it holds
// something else.
func namesOf(v reflect.Value) (names []*Name, ok bool) {
	switch x := v.Addr().Interface().(type) {
	case *Name:
		names = []*Name{x}
	case **Name:
		names = []*Name{*x}
	case *[]Name:
		for i := range *x {
			names = append(names, &(*x)[i])
		}
	default:
		return nil, false
	}
	return slices.DeleteFunc(names, func(n *Name) bool { return n == nil || n.Text == "" }), true
}

type role uint8

const (
	roleReads role = iota
	roleMakes
	roleOther // the name of a table, a chart or a label
)

func roleOf(owner, field string) role {
	switch owner + "." + field {
	case "Assignment.Name", "PathColumn.Name":
		return roleMakes
	case "TimeStats.Name", "TimeCluster.Name", "CreateTable.Name", "UpdateTable.Name", "CreateView.Name", "Sequence.Name",
		"SearchLookup.Table", "NLP.Table", "Map.View", "Bucket.Others", "BucketRange.Alias", "CompareRange.Alias", "Classify.Alias", "HighlightGroups.Alias",
		"ClusterDetails.Collection", "ClusterSplit.Collection", "LinkDetails.Collection":
		return roleOther
	}
	if field == "Alias" {
		return roleMakes
	}
	return roleReads
}
